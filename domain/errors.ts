/** Every error the API can answer with: one registry of codes, and the error that carries one. docs/errors.md lists the same. */

export const ERRORS = {
  malformed_json: { status: 400, title: 'The body is not JSON' },
  invalid_request: { status: 400, title: 'The request does not fit' },
  invalid_json_line: { status: 400, title: 'A line is not JSON' },
  duplicate_custom_id: { status: 400, title: 'A custom_id is used twice' },
  url_mismatch: { status: 400, title: 'The url is not that of the batch' },
  model_not_found: { status: 400, title: 'There is no such model' },
  model_mismatch: { status: 400, title: 'A batch has one model' },
  empty_file: { status: 400, title: 'The file has no requests' },
  too_many_tasks: { status: 400, title: 'The file has too many requests' },
  idempotency_key_required: { status: 400, title: 'An Idempotency-Key is required' },
  webhook_refused: { status: 400, title: 'Not an event of the payment provider' },
  unauthenticated: { status: 401, title: 'No valid key or session' },
  insufficient_funds: { status: 402, title: 'Not enough is available' },
  card_declined: { status: 402, title: 'The card was declined' },
  forbidden: { status: 403, title: 'Not for this key' },
  cross_site_request: { status: 403, title: 'Not from another site' },
  not_found: { status: 404, title: 'There is no such thing' },
  method_not_allowed: { status: 405, title: 'Not with this method' },
  account_exists: { status: 409, title: 'The account exists already' },
  account_closed: { status: 409, title: 'The account is closed' },
  account_not_empty: { status: 409, title: 'The account is not empty' },
  member_exists: { status: 409, title: 'The account has a member with this address' },
  last_owner: { status: 409, title: 'An account keeps at least one owner' },
  last_payment_method: { status: 409, title: 'Auto-reload needs a payment method' },
  idempotency_key_reused: { status: 409, title: 'The Idempotency-Key stands for another request' },
  payment_method_required: { status: 409, title: 'A primary payment method is needed first' },
  first_purchase_required: { status: 409, title: 'A purchase is needed first' },
  reload_in_flight: { status: 409, title: 'A reload is in flight' },
  account_suspended: { status: 409, title: 'The account is suspended' },
  charge_changed: { status: 409, title: 'Another sum would be charged' },
  breaker_reached: { status: 409, title: 'Too many reloads in an hour' },
  auto_reload_not_on: { status: 409, title: 'Auto-reload is not on' },
  auto_reload_not_paused: { status: 409, title: 'Auto-reload is not paused' },
  hold_ended: { status: 409, title: 'The hold has ended' },
  already_reversed: { status: 409, title: 'The usage was reversed before' },
  payment_not_paid: { status: 409, title: 'The payment is not paid' },
  refund_refused: { status: 409, title: 'The payment provider refuses the refund' },
  reload_not_abandonable: { status: 409, title: 'There is nothing to give up' },
  file_in_use: { status: 409, title: 'A batch reads the file' },
  batch_ended: { status: 409, title: 'The batch has ended' },
  limit_reached: { status: 409, title: 'The limit is reached' },
  limit_request_decided: { status: 409, title: 'The limit request was decided before' },
  too_many_limit_requests: { status: 409, title: 'Too many limit requests are pending' },
  file_too_large: { status: 413, title: 'The file is too large' },
  too_large: { status: 413, title: 'Too large' },
  unsupported_media_type: { status: 415, title: 'Not in this format' },
  out_of_range: { status: 422, title: 'Out of range' },
  fraction_of_a_cent: { status: 422, title: 'Cards take whole cents' },
  owner_required: { status: 422, title: 'An account needs an owner' },
  too_many_members: { status: 422, title: 'The account has as many members as it may have' },
  unknown_member: { status: 422, title: 'The account has no such member' },
  price_in_force: { status: 422, title: 'A price that has begun is never changed' },
  price_too_soon: { status: 422, title: 'A new price starts at least 60 seconds ahead' },
  payment_method_invalid: { status: 422, title: 'The payment method can not be used' },
  refund_too_large: { status: 422, title: 'More than is left of the payment' },
  amount_too_small: { status: 422, title: 'The amount is too small for this balance' },
  monthly_limit_exceeded: { status: 422, title: 'Over the monthly limit' },
  terms_required: { status: 422, title: 'The terms must be accepted' },
  events_rejected: { status: 422, title: 'Not all of the usage can be taken' },
  model_not_supported: { status: 422, title: 'Not with this model' },
  limit_fixed: { status: 422, title: 'The limit can not be raised' },
  too_many_rows: { status: 422, title: 'The dataset has too many rows' },
  invalid_dataset: { status: 422, title: 'The dataset can not be read' },
  unknown_model: { status: 422, title: 'There is no such model' },
  no_price: { status: 422, title: 'The model has no price for this' },
  webhook_url_refused: { status: 422, title: 'Webhooks do not go to this address' },
  rate_limited: { status: 429, title: 'Too often' },
  token_limit_exceeded: { status: 429, title: 'More tokens than may be enqueued' },
  too_many_requests: { status: 429, title: 'More than can be taken now' },
  internal: { status: 500, title: 'Our mistake' },
  database_unavailable: { status: 503, title: 'The database is not available' },
  temporal_unavailable: { status: 503, title: 'Temporal is not available' },
  payments_unavailable: { status: 503, title: 'The payment provider is not available' },
  batches_unavailable: { status: 503, title: 'Files and batches are not available' },
  storage_unavailable: { status: 503, title: 'Files can not be stored or read now' },
  file_not_counted: { status: 503, title: 'The file is still being counted' },
  gate_stale: { status: 503, title: 'The gate has lost its feed' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof ERRORS;
export type FieldError = { path: string; message: string };

/** What a problem may have beside the standard members: its schema (`api/http/schemas.ts`) has exactly these. */
export type ProblemMember =
  | 'available'
  | 'reasons'
  | 'rejected'
  | 'declineCode'
  | 'wouldCharge'
  | 'archives'
  | 'url'
  | 'id'
  | 'limit'
  | 'in_use'
  | 'requested';
/** Only of routes that answer as OpenAI's clients expect. */
type OpenAiMember = 'needed' | 'param' | 'errors';

type Extras = {
  errors?: FieldError[];
  /** Asking again after so many seconds may help. */
  retryAfterSeconds?: number;
  /** Instead of the code's usual status, where the contract has it so for one route. */
  status?: number;
  /** Headers of the answer. */
  headers?: Record<string, string>;
  members?: Partial<Record<ProblemMember | OpenAiMember, unknown>>;
};

/** An answer that is an error: thrown anywhere below a handler, written as problem+json at the edge. */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;

  constructor(
    readonly code: ErrorCode,
    detail: string,
    readonly extras: Extras = {},
  ) {
    super(detail);
    this.name = 'Problem';
    this.status = extras.status ?? ERRORS[code].status;
    this.title = ERRORS[code].title;
  }
}

export const notFound = (what: string): Problem => new Problem('not_found', `There is no ${what}.`);

/** Nothing new is begun, and no line is decided on, for an account that is closed or about to be. */
export const accountClosed = (accountId: string): Problem =>
  new Problem('account_closed', `The account ${accountId} is closed, or about to be.`);

/** `what` is what a caller can't reach now; a 503 always says when to ask again. */
export const unavailable = (
  code:
    | 'database_unavailable'
    | 'temporal_unavailable'
    | 'payments_unavailable'
    | 'batches_unavailable'
    | 'storage_unavailable',
  detail: string,
): Problem => new Problem(code, detail, { retryAfterSeconds: 2 });
