/** What an inference service imports. */
export { createClient, type BallastClient, type ClientOptions } from './client.js';
export { denialOf, denialOfError, denialOfStranger, type Denial, type DeniedVerdict, type Shape } from './denial.js';
export {
  AccountSuspended,
  ApiError,
  BallastError,
  BufferFull,
  EventsRejected,
  EventTooLarge,
  Forbidden,
  HoldEnded,
  InsufficientFunds,
  NotFound,
  Unauthenticated,
  UnsentEvents,
  Unreachable,
  type ApiAnswer,
} from './errors.js';
export type { GateOptions, GateReplica, Verdict } from './gate.js';
export type { Hold, Settled } from './holds.js';
export { gateMiddleware, guarded, sendDenial, type GateKeeping } from './middleware.js';
export type { RejectedEvent, ReporterOptions } from './reporter.js';
export type {
  Estimate,
  Gate,
  GateState,
  HeldUsage,
  HoldRequest,
  Reason,
  RejectionCode,
  SettledHold,
  UsageEvent,
} from './wire.js';
