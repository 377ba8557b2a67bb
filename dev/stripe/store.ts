// All state of the simulator: its tables, how they are loaded from the journal, and how long what grows is kept.
import type Stripe from 'stripe';
import type { Card } from './cardBehavior';
import type { CheckoutDetails } from './checkoutSessions';
import { Collection } from './collection';
import type { IdempotencyRecord } from './idempotency';
import { Journal, NoJournal, replayJournal, type Change } from './journal';
import type { Delivery } from './webhooks';

export type Tables = {
  customers: Stripe.Customer;
  deleted_customers: Stripe.DeletedCustomer;
  payment_methods: Stripe.PaymentMethod;
  /** What the simulator knows of a payment method's card and Stripe does not show. */
  cards: Card;
  payment_intents: Stripe.PaymentIntent;
  setup_intents: Stripe.SetupIntent;
  charges: Stripe.Charge;
  refunds: Stripe.Refund;
  disputes: Stripe.Dispute;
  balance_transactions: Stripe.BalanceTransaction;
  checkout_sessions: Stripe.Checkout.Session;
  /** What a session keeps for the payment that it will make. */
  checkout_details: CheckoutDetails;
  events: Stripe.Event;
  deliveries: Delivery;
  idempotency: IdempotencyRecord;
};

export type TableName = keyof Tables;

/** Oldest go first beyond these counts, so that a long benchmark does not fill the memory. */
export const KEPT_MAX: Partial<Record<TableName, number>> = { events: 50_000, idempotency: 100_000 };

export class Store {
  readonly tables: { [Name in TableName]: Collection<Tables[Name]> } = emptyTables();

  private constructor(private journal: NoJournal) {}

  static async open(dataDir: string | null): Promise<Store> {
    const store = new Store(new NoJournal());
    if (dataDir === null) return store;
    await replayJournal(dataDir, (change) => store.apply(change));
    store.journal = await Journal.open(dataDir, store.everything());
    return store;
  }

  /** Makes changes that are already in memory durable. */
  persist(changes: Change[]): Promise<void> {
    return this.journal.append(changes);
  }

  settled(): Promise<void> {
    return this.journal.settled();
  }

  close(): Promise<void> {
    return this.journal.close();
  }

  async reset(): Promise<void> {
    const gone: Change[] = [];
    for (const [table, id] of this.everything()) gone.push([table, id, null]);
    gone.forEach((change) => this.apply(change));
    await this.persist(gone);
  }

  private apply([table, id, value]: Change): void {
    const collection = this.tables[table as TableName] as Collection<unknown> | undefined;
    if (collection === undefined) throw new Error(`The simulator's journal names an unknown table: ${table}`);
    if (value === null) collection.delete(id);
    else collection.set(id, value);
  }

  private *everything(): Generator<Change> {
    for (const [table, collection] of Object.entries(this.tables)) {
      for (const [id, value] of collection.values()) yield [table, id, value];
    }
  }
}

function emptyTables(): Store['tables'] {
  return {
    customers: new Collection(['email']),
    deleted_customers: new Collection(),
    payment_methods: new Collection(['customer']),
    cards: new Collection(),
    payment_intents: new Collection(['customer']),
    setup_intents: new Collection(['customer']),
    charges: new Collection(['customer', 'payment_intent']),
    refunds: new Collection(['charge', 'payment_intent']),
    disputes: new Collection(['charge', 'payment_intent']),
    balance_transactions: new Collection(['source']),
    checkout_sessions: new Collection(['customer', 'payment_intent', 'setup_intent']),
    checkout_details: new Collection(),
    events: new Collection(),
    deliveries: new Collection(),
    idempotency: new Collection(),
  };
}
