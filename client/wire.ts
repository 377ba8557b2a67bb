/** What goes over the wire, as the contract has it (docs/api.md). */

/** One finished inference request. Counts that are left out are 0. */
export type UsageEvent = {
  /** Yours, unique within the account for ever: the same one again is charged once. Made when left out. */
  id?: string;
  accountId: string;
  model: string;
  inputTokens?: number;
  /** A part of `inputTokens`. */
  cachedInputTokens?: number;
  outputTokens?: number;
  images?: number;
  /** Such as `1024x1024`. */
  imageSize?: string;
  /** When it happened, ISO 8601: the price of that time counts. @default now */
  at?: string;
  /** The hold that this usage settles. */
  holdId?: string;
};

/** Usage of a hold: the account and the hold are known. */
export type HeldUsage = Omit<UsageEvent, 'accountId' | 'holdId'>;

export type RejectionCode =
  | 'invalid_event' | 'unknown_account' | 'unknown_model' | 'no_price' | 'at_out_of_range' | 'event_conflict' | 'unknown_hold';

export type GateState = 'ok' | 'low' | 'reloading' | 'suspended';
export type Reason = 'balance_exhausted' | 'admin_suspended' | 'payment_disputed';

/** May the account run inference now? */
export type Gate = {
  accountId: string;
  allowed: boolean;
  state: GateState;
  reasons: readonly Reason[];
  /** Present while a reload in flight may lift a suspension. */
  retryAfterSeconds?: number;
  /** Grows with every change of the account's gate. */
  version: number;
  asOf: string;
};

/** Money is a decimal string of US dollars. */
export type HoldRequest = ({ amount: string } | { estimate: Estimate }) & {
  /** 10 to 86,400. @default 600 */
  expiresInSeconds?: number;
};

export type Estimate = {
  model: string;
  inputTokens?: number;
  maxOutputTokens?: number;
  images?: number;
  imageSize?: string;
};

export type OpenedHold = { id: string; accountId: string; amount: string; status: 'open'; expiresAt: string };
export type SettledHold = { status: 'settled'; charged: string; released: string };

/** The answer to reported usage, as far as the client reads it. */
export type UsageAnswer = {
  rejected: { index: number; id: string; code: RejectionCode; message: string }[];
  gates: Record<string, Gate>;
};
