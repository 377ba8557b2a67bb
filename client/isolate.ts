/** What becomes of a batch that the API did not take. A pure rule: it says so, and the reporter does it. */
import type { Batch, Suspicion } from './batch.js';
import { ApiError, type BallastError } from './errors.js';

export type Verdict =
  /** The API is away, or not ready: the same again after a pause. */
  | 'wait'
  /** The same again after a pause, but others go first. */
  | 'let_others_go'
  /** The same again after a pause that nobody else waits for: the API takes other events. */
  | 'step_aside'
  /** One of the events is to blame: its half will tell. */
  | 'halve'
  /** The same, after a pause that nobody else waits for. */
  | 'halve_later'
  /** The API will never take this event: its caller is told. */
  | 'give_up';

/** A batch that has failed so often in a row is halved, even when nothing shows that the API takes others. */
const FAILURES_TOGETHER_MAX = 3;
/** Some 3 s of tries: an event that fails so often alone, while others are taken, is given up. */
const FAILURES_ALONE_MAX = 5;

/**
 * An outage loses nothing: an event is given up only when it is refused by name, or when the API fails on it alone (500)
 * again and again and takes others meanwhile. What else is answered, or nothing, is waited out, apart from the others
 * once those are taken.
 * Counts the failure on the batch. @param taken how many requests the API has taken so far
 */
export function judge(batch: Batch, error: BallastError, taken: number): Verdict {
  const isAlone = batch.events.length === 1;
  if (isRefused(error)) return isAlone ? 'give_up' : 'halve';
  if (isOthersToMend(error)) return 'wait';

  const suspicion = (batch.suspicion ??= { takenBefore: taken, isPart: false, failures: 0, failuresAlone: 0 });
  suspicion.failures += 1;
  // 503 says of itself that the API is away for everybody; without an answer nobody knows why.
  if (!(error instanceof ApiError) || error.status === 503) return judgeOutage(batch, suspicion, taken);
  const takesOthers = taken > suspicion.takenBefore;
  if (!isAlone) {
    if (suspicion.failures >= FAILURES_TOGETHER_MAX || (suspicion.isPart && takesOthers)) return 'halve';
    return suspicion.isPart ? 'let_others_go' : 'wait';
  }
  if (!takesOthers) return suspicion.failures >= FAILURES_TOGETHER_MAX || suspicion.isPart ? 'let_others_go' : 'wait';
  // What it waited for was the API; now it is the event.
  if (suspicion.failuresAlone === 0) batch.failures = 0;
  if (error.status === 500) suspicion.failuresAlone += 1;
  return suspicion.failuresAlone >= FAILURES_ALONE_MAX ? 'give_up' : 'step_aside';
}

/**
 * The API says that it is away, or says nothing. That is so for all, unless it has taken others since this batch failed
 * last: then something in it may be what it can not answer, so it is halved, but not before the API is to be asked again.
 */
function judgeOutage(batch: Batch, suspicion: Suspicion, taken: number): Verdict {
  const takesOthers = (suspicion.isPart || suspicion.failures > 1) && taken > suspicion.takenBefore;
  suspicion.takenBefore = taken;
  if (takesOthers) {
    // What it waited for was the API; now it is one of its events.
    batch.failures = 0;
    return batch.events.length === 1 ? 'step_aside' : 'halve_later';
  }
  return suspicion.isPart || suspicion.failures >= FAILURES_TOGETHER_MAX ? 'let_others_go' : 'wait';
}

/**
 * What no repetition mends: the request itself. A wrong key or address is mended by people, and the events wait for it;
 * so they do when something on the way refuses all there is, but for its size.
 */
export const isRefused = (error: BallastError): error is ApiError =>
  error instanceof ApiError && (error.status === 413 || (error.isBallasts && [400, 415, 422].includes(error.status)));

/** A wrong key or address, or too many requests: no event is to blame. */
const isOthersToMend = (error: BallastError): boolean => error instanceof ApiError && error.status < 500;
