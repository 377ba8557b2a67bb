// One unit of work: its changes and the events they cause become durable together, or not at all.
import { resourceMissing, lockTimeout, StripeError } from './errors';
import { newEvent, type Origin } from './newEvent';
import { Conflict, type Change, type Selection, type Store, type Stored } from './store';
import type { TableName, Tables } from './tables';

/** What one simulator is made of, as far as a handler may know. */
export type Environment = {
  store: Store;
  /** Address of the hosted pages, without a slash at the end. */
  baseUrl: string;
  webhooks: {
    /** Whether an event is owed to anybody. */
    hasTarget(): boolean;
    /** Events that are owed have become durable. */
    wake(): void;
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

const PAGE_SIZE = 100;
const ATTEMPTS_MAX = 100;

/** An object as this work has read or made it; `value` null: there is none. */
type Known = { kind: TableName; id: string; value: unknown; version: number; changed: boolean; owed: boolean };

export class Transaction {
  private readonly known = new Map<string, Known>();
  /** The ids that were looked up, found or not. */
  private readonly loaded = new Set<string>();
  /** Unix time in seconds, one for the whole unit of work. */
  readonly now = Math.floor(Date.now() / 1_000);

  constructor(
    readonly environment: Environment,
    readonly origin: Origin,
  ) {}

  get baseUrl(): string {
    return this.environment.baseUrl;
  }

  async get<Name extends TableName>(name: Name, id: string): Promise<Tables[Name] | undefined> {
    if (!this.known.has(`${name}/${id}`)) await this.load([id]);
    const { value } = this.known.get(`${name}/${id}`) ?? this.note(name, id, undefined);
    return (value as Tables[Name] | null) ?? undefined;
  }

  /** Reads what a request names in one query: each one more would cost it a round trip. */
  async load(ids: string[]): Promise<void> {
    const missing = ids.filter((id) => !this.loaded.has(id));
    if (missing.length === 0) return;
    missing.forEach((id) => this.loaded.add(id));
    for (const stored of await this.environment.store.find(missing)) {
      if (!this.known.has(`${stored.kind}/${stored.id}`)) this.note(stored.kind, stored.id, stored);
    }
  }

  /** The object, or Stripe's 404 that names the parameter it was asked by. */
  async need<Name extends TableName>(name: Name, id: string, param?: string): Promise<Tables[Name]> {
    const found = await this.get(name, id);
    if (found === undefined) throw resourceMissing(KINDS[name] ?? name, id, param);
    return found;
  }

  /** Newest first; what this work has changed itself comes before the rest. */
  async *newest<Name extends TableName>(
    name: Name,
    selection: Selection = {},
    pageSize = PAGE_SIZE,
  ): AsyncGenerator<Tables[Name]> {
    const { where } = selection;
    for (const { kind, value, changed } of [...this.known.values()].reverse()) {
      if (!changed || kind !== name || value === null) continue;
      if (where === undefined || (value as Record<string, unknown>)[where.field] === where.equals)
        yield value as Tables[Name];
    }
    for (let { olderThan } = selection; ;) {
      const page = await this.environment.store.list(name, { ...selection, olderThan }, pageSize);
      for (const stored of page) {
        const known = this.known.get(`${name}/${stored.id}`) ?? this.note(name, stored.id, stored);
        if (!known.changed && known.value !== null) yield known.value as Tables[Name];
      }
      if (page.length < pageSize) return;
      olderThan = page.at(-1)!.id;
    }
  }

  put<Name extends TableName>(name: Name, value: Tables[Name] & { id: string }): Tables[Name] {
    this.change(name, value.id, value);
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
    const isOwed = this.environment.webhooks.hasTarget();
    const event = newEvent(type, object, previous, { nowSeconds: this.now, isOwed, origin: this.origin });
    this.put('events', event);
    if (isOwed) this.deliver(event);
  }

  /** Owes an event to the webhook endpoint, again if need be. */
  deliver(event: Tables['events']): void {
    this.change('events', event.id, event).owed = true;
  }

  /** Throws Conflict, with nothing written, when an object that this work has changed was changed meanwhile. */
  async commit(): Promise<void> {
    const changes = [...this.known.values()].filter(({ changed }) => changed);
    if (changes.length === 0) return;
    await this.environment.store.write(changes.map((change) => this.toChange(change)));
    if (changes.some(({ owed }) => owed)) this.environment.webhooks.wake();
  }

  private toChange({ kind, id, version, value, owed }: Known): Change {
    const { created = this.now } = (value ?? {}) as { created?: number };
    return { kind, id, version, created, value, owed };
  }

  private note(kind: TableName, id: string, stored: Stored | undefined): Known {
    const { value = null, version = 0 } = stored ?? {};
    const known = { kind, id, value, version, changed: false, owed: false };
    this.known.set(`${kind}/${id}`, known);
    return known;
  }

  private change(kind: TableName, id: string, value: unknown): Known {
    const known = this.known.get(`${kind}/${id}`) ?? this.note(kind, id, undefined);
    known.value = value;
    known.changed = true;
    return known;
  }
}

export async function all<T>(objects: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const object of objects) list.push(object);
  return list;
}

export async function first<T>(objects: AsyncIterable<T>): Promise<T | undefined> {
  for await (const object of objects) return object;
  return undefined;
}

/**
 * Runs one unit of work and waits until it is durable. What a StripeError says has happened stays; a bug leaves nothing.
 * Work that meets another's change of the same object is done again on what is there now.
 */
export async function runWork<T>(
  environment: Environment,
  origin: Origin,
  work: (tx: Transaction) => T | Promise<T>,
): Promise<T> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const tx = new Transaction(environment, origin);
    try {
      const [result, failure] = await outcomeOf(tx, work);
      await tx.commit();
      if (failure !== null) throw failure;
      return result;
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
    }
  }
  throw lockTimeout();
}

async function outcomeOf<T>(
  tx: Transaction,
  work: (tx: Transaction) => T | Promise<T>,
): Promise<[T, null] | [null, StripeError]> {
  try {
    return [await work(tx), null];
  } catch (error) {
    if (error instanceof StripeError && error.executed) return [null, error];
    throw error;
  }
}
