/** What reconciliation finds and tells (P6). Money is a decimal string, times are ISO 8601. */

export const UNEXPLAINED_KINDS = [
  /** A second PaymentIntent was paid for a payment that has another one. */
  'paid_twice',
  /** Paid for a payment that we do not know. */
  'paid_unknown',
  /** Another amount or currency than was asked: quarantined. */
  'amount_differs',
  /** The ledger has credited what Stripe says is not paid. */
  'credited_without_payment',
  /** Stripe and ledger do not agree on what is left of a payment. */
  'sum_differs',
  /** Stripe does not let a payment be canceled that shall not be paid any more; one of a reload keeps the next from opening. */
  'not_canceled',
  /** Reconciling it fails, and by no outage: it is tried again by each run. */
  'not_reconciled',
] as const;
export type UnexplainedKind = (typeof UNEXPLAINED_KINDS)[number];

export type Unexplained = {
  kind: UnexplainedKind;
  accountId: string | null;
  paymentIntentId: string;
  detail: string;
  firstSeenAt: string;
};
export type Repair = { kind: 'credited' | 'taken_back' | 'noted'; accountId: string | null; about: string };
export type LedgerCheck = {
  violations: { invariant: string; accountId: string; detail: string }[];
  /** Over all accounts, from the ledger's lines. */
  sums: { credited: string; takenBack: string; used: string; adjusted: string; balances: string };
};

export type ReconcileReport = {
  startedAt: string;
  finishedAt: string;
  /** `events`: Stripe's events since then; `all`: the first time, every PaymentIntent. */
  scanned: { mode: 'events' | 'all'; since: string | null };
  looked: { events: number; payments: number };
  repaired: { credited: number; takenBack: number; noted: number; newest: Repair[] };
  unexplained: { count: number; newest: Unexplained[] };
  /** Null where a scheduled run has left it to another one. */
  ledger: LedgerCheck | null;
};
