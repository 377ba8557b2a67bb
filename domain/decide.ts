/** The policy: what an account's workflow does next, given all it knows. Pure: the time is an argument. */
import type { AccountState, OpenReload, SettingsRequest, Snapshot } from './accountState';
import { firstCharge, levelsOf } from './autoReload';
import type { Decision } from './decision';
import { decideStatus, wantsReload } from './decideStatus';
import { isClosed } from './gate';
import { formatCents, parseBalance } from './money';
import { POSTED_EVENTS_MAX } from './reportedEvents';
import { dollars, reasonsInWords, statusInWords } from './words';

/** A8: so many failed attempts in a row disable auto-reload. */
export const STRIKES_MAX = 3;
type Stage = (state: AccountState, nowMs: number) => Decision | null;

/** What to do now. Requests come before money, money before the flag; when nothing is to be done: until when to wait. */
export function decide(state: AccountState, nowMs: number): Decision {
  let untilMs = Infinity;
  for (const stage of [refresh, post, answer, reload, decideStatus, acknowledge] satisfies Stage[]) {
    const decision = stage(state, nowMs);
    if (decision?.kind === 'wait') untilMs = Math.min(untilMs, decision.untilMs);
    else if (decision) return decision;
  }
  if (untilMs !== Infinity) return { kind: 'wait', untilMs };
  return isClosed(state.snapshot.setReasons) ? { kind: 'end' } : { kind: 'rest' };
}

const refresh: Stage = (state) => (state.stale ? { kind: 'read' } : null);

/** What has been used is deducted before anything is decided from the balance; so much of it at a time. */
const post: Stage = ({ reported = [] }) =>
  reported.length > 0 ? { kind: 'post', events: reported.slice(0, POSTED_EVENTS_MAX) } : null;

/** A first charge is a reload that opens: what could still be paid late is canceled before it (A5, A7). */
const answer: Stage = (state, nowMs) => {
  const {
    requests: [request],
    snapshot,
    charging,
  } = state;
  if (!request) return null;
  const { uncanceled } = snapshot;
  const mayCancel = !charging && nowMs >= retryDueMs(state);
  if (uncanceled && mayCancel && wantsFirstCharge(snapshot, request))
    return { kind: 'cancel', paymentId: uncanceled.paymentId };
  return { kind: 'answer', request };
};

/** Whether the request would charge at once, as far as the workflow knows; Postgres decides. */
function wantsFirstCharge(
  { available, settings, setReasons, methods, reload: inFlight, policy }: Snapshot,
  request: SettingsRequest,
): boolean {
  if (request.kind !== 'configure' || settings.status === 'paused' || inFlight || setReasons.length > 0) return false;
  if (!methods.some(({ role }) => role === 'primary')) return false;
  return firstCharge(parseBalance(available), request.settings, policy.trigger).kind === 'charge';
}

const reload: Stage = (state, nowMs) => {
  const { snapshot } = state;
  if (state.charging) return null;
  if (state.firstCharge && snapshot.reload?.id !== state.firstCharge.reloadId)
    return { kind: 'conclude', ...state.firstCharge };
  const retryAtMs = retryDueMs(state);
  if (nowMs < retryAtMs) return { kind: 'wait', untilMs: retryAtMs };
  if (snapshot.reload) return mustClose(snapshot, snapshot.reload) ?? nextAttempt(snapshot, snapshot.reload, nowMs);

  const wanted = wantsReload(snapshot);
  const { uncanceled } = snapshot;
  // One that awaits its owner's confirmation may still be paid: it is canceled only before the next opens (A7).
  if (uncanceled && (wanted || !uncanceled.awaitsOwner)) return { kind: 'cancel', paymentId: uncanceled.paymentId };
  return wanted ? open(snapshot, nowMs) : null;
};

/**
 * When Stripe is asked again. Where a cancellation is waited for, the wait ends when somebody else has decided the
 * payment, and when news of it has moved the time in Postgres. The two times are compared for being the same only: they
 * are of two clocks.
 */
function retryDueMs({ retry, snapshot: { uncanceled } }: AccountState): number {
  const { canceling, dueMs } = retry;
  if (canceling === undefined) return dueMs;
  const isAsItWas = uncanceled?.paymentId === canceling.paymentId && uncanceled.dueMs === canceling.dueMs;
  return isAsItWas ? dueMs : 0;
}

/** Why the reload in flight may not go on, or null (A10, A13, P5). The first charge answers only to suspensions. */
function mustClose(snapshot: Snapshot, inFlight: OpenReload): Decision | null {
  const close = (rule: string, because: string): Decision => ({
    kind: 'close',
    reload: inFlight,
    state: 'canceled',
    rule,
    because,
  });
  if (snapshot.setReasons.length > 0)
    return close('P5', `no card is charged while ${reasonsInWords(snapshot.setReasons)}`);
  if (inFlight.first) return null;
  if (snapshot.settings.status !== 'on') return close('A10', statusInWords[snapshot.settings.status]);
  if (!wantsReload(snapshot))
    return close('A10', `available is ${dollars(snapshot.available)}, above the threshold again`);
  return null;
}

function nextAttempt(snapshot: Snapshot, inFlight: OpenReload, nowMs: number): Decision {
  const hastened = inFlight.state === 'waiting' && snapshot.methodsVersion > snapshot.triedMethodsVersion;
  if (nowMs < inFlight.dueMs && !hastened) return { kind: 'wait', untilMs: inFlight.dueMs };

  const outcomeOf = (methodId: string) => inFlight.tried.find((tried) => tried.methodId === methodId)?.outcome;
  const unknown = inFlight.tried.find((tried) => tried.outcome === 'unknown');
  if (unknown) {
    const role = snapshot.methods.find((method) => method.id === unknown.methodId)?.role ?? 'primary';
    return {
      kind: 'attempt',
      reload: inFlight,
      methodId: unknown.methodId,
      role,
      rule: 'A9',
      because: 'what became of the last charge is found out first',
    };
  }
  const method = snapshot.methods.find(({ id, usable }) => usable && outcomeOf(id) === undefined);
  if (method) {
    const because = hastened
      ? 'a payment method is new'
      : method.role === 'primary'
        ? 'the primary method goes first'
        : 'the primary method failed';
    return {
      kind: 'attempt',
      reload: inFlight,
      methodId: method.id,
      role: method.role,
      rule: hastened ? 'A10' : 'A6',
      because,
    };
  }
  const because =
    inFlight.tried.length === 0 ? 'no payment method can be charged' : 'every payment method was declined';
  if (inFlight.first) return { kind: 'close', reload: inFlight, state: 'failed', rule: 'A5', because };
  const disables = snapshot.strikes + 1 >= STRIKES_MAX;
  return {
    kind: 'strike',
    reload: inFlight,
    methodsVersion: snapshot.methodsVersion,
    disables,
    rule: disables ? 'A8' : 'A10',
    because,
  };
}

function open(snapshot: Snapshot, nowMs: number): Decision | null {
  const { settings, blocked, strikes, lastStrikeMs, policy } = snapshot;
  if (snapshot.setReasons.length > 0) return null;
  if (blocked && blocked.untilMs !== null && nowMs < blocked.untilMs) return { kind: 'wait', untilMs: blocked.untilMs };
  if (strikes > 0 && lastStrikeMs !== null && snapshot.methodsVersion <= snapshot.triedMethodsVersion) {
    const dueMs = lastStrikeMs + retryDelayMs(policy.retryDelaysMs, strikes);
    if (nowMs < dueMs) return { kind: 'wait', untilMs: dueMs };
  }
  const [threshold, amount] = [settings.thresholdCents!, settings.amountCents!].map((cents) =>
    dollars(formatCents(cents)),
  );
  const because = `available is ${dollars(snapshot.available)} and the threshold ${threshold!}, so a reload of ${amount!} is due`;
  return { kind: 'open', settingsVersion: settings.version, rule: 'A3', because };
}

/** The wait after the n-th strike in a row; the last delay is used for all later (A10). */
export const retryDelayMs = (delaysMs: readonly number[], strikes: number): number =>
  delaysMs[Math.min(strikes, delaysMs.length) - 1] ?? 0;

/** Available has crossed a level since Postgres last saw it folded: say so, or the relay keeps calling. */
const acknowledge: Stage = ({ snapshot, acknowledgedAvailable }) => {
  const { settings, policy } = snapshot;
  const level = levelsOf(settings.status === 'on' ? settings.thresholdCents! : null, policy).trigger;
  const [then, now] = [parseBalance(acknowledgedAvailable), parseBalance(snapshot.available)];
  const crossed = then <= 0n !== now <= 0n || then <= level !== now <= level;
  return crossed ? { kind: 'read' } : null;
};
