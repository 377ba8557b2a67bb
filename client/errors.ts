/** Everything the client throws or hands to a callback. Each carries a `code`; the API's are those of docs/errors.md. */
import type { Reason, UsageEvent } from './wire.js';

/** The base of them all. */
export class BallastError extends Error {
  constructor(
    /** Stable, for programs. */
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The API answered, and the answer is an error. */
export class ApiError extends BallastError {
  /** Of HTTP. */
  readonly status: number;
  /** Names the request in the API's log. */
  readonly requestId: string | null;
  /** How long the API asks to wait, in milliseconds. */
  readonly retryAfterMs: number | null;
  /** The problem as it came: RFC 9457, with the members of its code. */
  readonly problem: Readonly<Record<string, unknown>>;

  constructor({ status, problem, requestId, retryAfterMs }: ApiAnswer) {
    super(
      typeof problem.code === 'string' ? problem.code : `http_${status}`,
      typeof problem.detail === 'string'
        ? problem.detail
        : `The answer is ${status}, and not Ballast's: something on the way gave it, or the address is another's.`,
    );
    this.status = status;
    this.problem = problem;
    this.requestId = requestId;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether it comes from Ballast, and not from a proxy or another server at its address. */
  get isBallasts(): boolean {
    return typeof this.problem.code === 'string';
  }
}

/** What an `ApiError` is made of. */
export type ApiAnswer = Pick<ApiError, 'status' | 'problem' | 'requestId' | 'retryAfterMs'>;

/** A hold is of more than the account has available. */
export class InsufficientFunds extends ApiError {
  /** What is available, in dollars. */
  get available(): string | undefined {
    return this.problem.available as string | undefined;
  }
}

/** A suspended account gets no hold. */
export class AccountSuspended extends ApiError {
  /** Why, as the gate has it. */
  get reasons(): readonly Reason[] {
    return (this.problem.reasons as Reason[] | undefined) ?? [];
  }
}

/** There is no such account, hold or model. */
export class NotFound extends ApiError {}
/** The key is missing, unknown or revoked. */
export class Unauthenticated extends ApiError {}
/** The key is of another role: the client needs one of role `service`. */
export class Forbidden extends ApiError {}
/** The hold was settled with other usage, or released. */
export class HoldEnded extends ApiError {}
/** Usage of a hold can't be taken: nothing was posted, and the hold stays open. */
export class EventsRejected extends ApiError {}

/** No answer came: refused, cut off, or not in time. What was asked may have been done all the same. */
export class Unreachable extends BallastError {
  constructor(what: string, cause: unknown) {
    super('unreachable', `${what}: ${describe(cause)}`, { cause });
  }
}

/** The buffer of `report()` is full, because the API takes nothing or too little. The event was not taken. */
export class BufferFull extends BallastError {
  constructor(bufferedEvents: number, bytesMax: number) {
    super(
      'buffer_full',
      `${bufferedEvents} events wait to be sent, and the buffer takes ${bytesMax} bytes: this event was not taken. Wait for room(), or raise bufferBytesMax.`,
    );
  }
}

/** The event alone is larger than the whole buffer of `report()`, and was not taken. */
export class EventTooLarge extends BallastError {
  constructor(bytes: number, bytesMax: number) {
    super('event_too_large', `The event takes ${bytes} bytes and the buffer ${bytesMax}: it was not taken.`);
  }
}

/** The time given to `flush()` or `close()` was not enough; or `settle()` could neither settle nor queue its usage. */
export class UnsentEvents extends BallastError {
  constructor(
    /** Not known to be charged. They may be sent again at any time: each id is charged once. */
    readonly events: UsageEvent[],
    /** The last failure, if there was one. */
    cause: BallastError | null,
  ) {
    super('unsent_events', `${events.length} events could not be sent${cause ? `: ${cause.message}` : ' in time.'}`, {
      cause,
    });
  }
}

const BY_CODE = new Map<unknown, typeof ApiError>([
  ['insufficient_funds', InsufficientFunds],
  ['account_suspended', AccountSuspended],
  ['not_found', NotFound],
  ['unauthenticated', Unauthenticated],
  ['forbidden', Forbidden],
  ['hold_ended', HoldEnded],
  ['events_rejected', EventsRejected],
]);

export const toApiError = (answer: ApiAnswer): ApiError => new (BY_CODE.get(answer.problem.code) ?? ApiError)(answer);

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? `${cause.message} (${cause.cause.message})` : cause.message;
}
