// One unit of work: changes to the tables and the events they cause become durable together, or are undone together.
import type { Collection } from './collection';
import { resourceMissing, StripeError } from './errors';
import { newEvent } from './events';
import type { Change } from './journal';
import { KEPT_MAX, type Store, type TableName, type Tables } from './store';
import type { Delivery } from './webhooks';

export type Origin = { requestId: string | null; idempotencyKey: string | null };

/** What one simulator is made of, as far as a handler may know. */
export type Environment = {
  store: Store;
  /** Address of the hosted pages, without a slash at the end. */
  baseUrl: string;
  webhooks: {
    /** Whether an event is owed to anybody. */
    hasTarget(): boolean;
    /** Takes over the delivery of events that are durable by now. */
    enqueue(deliveries: Delivery[]): void;
  };
};

const KINDS: Partial<Record<TableName, string>> = {
  customers: 'customer',
  payment_methods: 'PaymentMethod',
  payment_intents: 'payment_intent',
  setup_intents: 'setupintent',
  charges: 'charge',
  refunds: 'refund',
  disputes: 'dispute',
  checkout_sessions: 'checkout.session',
  events: 'event',
};

export class Transaction {
  private readonly undo: (() => void)[] = [];
  private readonly deliveries: Delivery[] = [];
  private readonly touched = new Map<string, [TableName, string]>();
  /** Unix time in seconds, one for the whole unit of work. */
  readonly now = Math.floor(Date.now() / 1_000);

  constructor(
    readonly environment: Environment,
    readonly origin: Origin,
  ) {}

  get baseUrl(): string {
    return this.environment.baseUrl;
  }

  table<Name extends TableName>(name: Name): Collection<Tables[Name]> {
    return this.environment.store.tables[name];
  }

  get<Name extends TableName>(name: Name, id: string): Tables[Name] | undefined {
    return this.table(name).get(id);
  }

  /** The object, or Stripe's 404 that names the parameter it was asked by. */
  need<Name extends TableName>(name: Name, id: string, param?: string): Tables[Name] {
    const found = this.get(name, id);
    if (found === undefined) throw resourceMissing(KINDS[name] ?? name, id, param);
    return found;
  }

  put<Name extends TableName>(name: Name, value: Tables[Name] & { id: string }): Tables[Name] {
    this.change(name, value.id, value);
    const oldest = this.table(name).size > (KEPT_MAX[name] ?? Infinity) ? this.table(name).oldest() : undefined;
    if (oldest !== undefined) this.change(name, oldest.id, null);
    return value;
  }

  remove(name: TableName, id: string): void {
    this.change(name, id, null);
  }

  /** Stored objects are never altered in place: events and answers hold on to what they were. */
  update<Name extends TableName>(
    name: Name,
    current: Tables[Name] & { id: string },
    changes: Partial<Tables[Name]>,
  ): Tables[Name] {
    return this.put(name, { ...current, ...changes });
  }

  emit(type: string, object: object, previous?: object): void {
    const event = newEvent(type, object, previous, this);
    this.put('events', event);
    if (this.environment.webhooks.hasTarget()) this.deliver(event.id);
  }

  /** Owes an event to the webhook endpoint, again if need be. */
  deliver(eventId: string): void {
    this.deliveries.push(this.put('deliveries', { id: eventId, attempts: 0, createdAtMs: Date.now() }));
  }

  async commit(): Promise<void> {
    const changes = [...this.touched.values()].map(([name, id]): Change => [name, id, this.get(name, id) ?? null]);
    await this.environment.store.persist(changes);
    this.environment.webhooks.enqueue(this.deliveries);
  }

  rollback(): void {
    for (const revert of this.undo.reverse()) revert();
  }

  private change(name: TableName, id: string, value: unknown): void {
    const collection = this.table(name) as Collection<unknown>;
    const previous = collection.get(id);
    if (value === null) collection.delete(id);
    else collection.set(id, value);
    this.touched.set(`${name}/${id}`, [name, id]);
    this.undo.push(() => (previous === undefined ? collection.delete(id) : collection.set(id, previous)));
  }
}

/** Runs one unit of work and waits until it is durable. What a StripeError says has happened stays; a bug leaves nothing. */
export async function runWork<T>(environment: Environment, origin: Origin, work: (tx: Transaction) => T): Promise<T> {
  const tx = new Transaction(environment, origin);
  try {
    const result = work(tx);
    await tx.commit();
    return result;
  } catch (error) {
    if (error instanceof StripeError && error.executed) await tx.commit();
    else tx.rollback();
    throw error;
  }
}
