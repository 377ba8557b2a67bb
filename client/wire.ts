/** What goes over the wire, as the contract has it (docs/api.md). */

/** One finished inference request. Counts that are left out are 0. */
export type UsageEvent = {
  /** Yours, unique within the account for ever: the same one again is charged once. Made when left out. */
  id?: string | undefined;
  accountId: string;
  model: string;
  inputTokens?: number | undefined;
  /** A part of `inputTokens`. */
  cachedInputTokens?: number | undefined;
  outputTokens?: number | undefined;
  images?: number | undefined;
  /** Such as `1024x1024`. */
  imageSize?: string | undefined;
  /** When it happened, ISO 8601: the price of that time counts. @default now */
  at?: string | undefined;
  /** The hold that this usage settles. */
  holdId?: string | undefined;
};

/** Usage of a hold: the account and the hold are known. */
export type HeldUsage = Omit<UsageEvent, 'accountId' | 'holdId'>;

/** Why an event is not taken: docs/errors.md. */
export type RejectionCode =
  | 'invalid_event'
  | 'unknown_account'
  | 'account_closed'
  | 'unknown_model'
  | 'no_price'
  | 'at_out_of_range'
  | 'event_conflict'
  | 'unknown_hold';

/** `low` and `reloading` let requests through; `suspended` does not. */
export type GateState = 'ok' | 'low' | 'reloading' | 'suspended';
/** Why an account is suspended; it may have several. */
export type Reason = 'balance_exhausted' | 'admin_suspended' | 'payment_disputed' | 'account_closed';

/** May the account run inference now? */
export type Gate = {
  accountId: string;
  allowed: boolean;
  state: GateState;
  reasons: readonly Reason[];
  /** Present while a reload in flight may lift a suspension. */
  retryAfterSeconds?: number;
  /** Grows with every change of the account's gate, within an epoch. */
  version: number;
  asOf: string;
};

/** How much to hold: an amount as a decimal string of US dollars, such as `"0.25"`, or what a request may cost at most. */
export type HoldRequest = ({ amount: string } | { estimate: Estimate }) & {
  /** 10 to 86,400. @default 600 */
  expiresInSeconds?: number;
};

/** What a request may use at most; priced by Ballast. */
export type Estimate = {
  model: string;
  inputTokens?: number | undefined;
  maxOutputTokens?: number | undefined;
  images?: number | undefined;
  imageSize?: string | undefined;
};

/** The answer to a hold. */
export type OpenedHold = { id: string; accountId: string; amount: string; status: 'open'; expiresAt: string };
/** The answer to a settlement: what was charged and what was given back, in dollars. */
export type SettledHold = { status: 'settled'; charged: string; released: string };

/** The answer to reported usage, as far as the client reads it. */
export type UsageAnswer = {
  rejected: { index: number; id: string; code: RejectionCode; message: string }[];
  gates: Record<string, Gate>;
  /** Of the gates' versions: another one begins when the API's database was restored. */
  epoch?: string | undefined;
};
