/** What a batch job needs next, given what is known of it (L4). Pure: the time is an argument. */
import { CANCELLING_MS_MAX, type BatchStatus } from './batch';

export type BatchProgress = {
  status: BatchStatus;
  /** Every request has its result. */
  done: boolean;
  /** When the completion window ends. */
  expiresMs: number;
  /** Since when it is being cancelled; null while it is not. */
  cancellingSinceMs: number | null;
  /** When the last lease of an executor ends; null when nothing is leased. */
  leasedUntilMs: number | null;
};

export type BatchStep =
  /** Its requests are to be written down, from its input. */
  | { kind: 'begin' }
  /** Its files are to be written, and it ends so. */
  | { kind: 'finish'; end: 'completed' | 'expired' | 'cancelled' }
  | { kind: 'wait'; untilMs: number }
  | { kind: 'ended' };

export function nextStep(progress: BatchProgress, nowMs: number): BatchStep {
  const { status, done, expiresMs } = progress;
  switch (status) {
    case 'validating':
      return nowMs >= expiresMs ? { kind: 'finish', end: 'expired' } : { kind: 'begin' };
    case 'in_progress':
      if (done) return { kind: 'finish', end: 'completed' };
      return nowMs >= expiresMs ? { kind: 'finish', end: 'expired' } : { kind: 'wait', untilMs: expiresMs };
    case 'finalizing':
      return { kind: 'finish', end: done ? 'completed' : 'expired' };
    case 'cancelling': {
      // What executors have in hand may still be answered, and is billed; they are not waited for without end,
      // nor past the window's end: nothing is taken after it.
      const untilMs = Math.min(progress.leasedUntilMs ?? 0, progress.cancellingSinceMs! + CANCELLING_MS_MAX, expiresMs);
      return done || nowMs >= untilMs ? { kind: 'finish', end: 'cancelled' } : { kind: 'wait', untilMs };
    }
    case 'completed':
    case 'failed':
    case 'expired':
    case 'cancelled':
      return { kind: 'ended' };
  }
}
