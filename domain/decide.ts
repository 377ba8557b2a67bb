/** The policy: what an account's workflow does next, given all it knows. Pure: the time is an argument. */
import type { AccountState, MethodRole, OpenReload, SettingsRequest, Snapshot, Standing } from './accountState';
import { firstCharge, LOW_LEVEL_CENTS, reached, triggerLevel } from './autoReload';
import { reasonsOf } from './gate';
import { centsToNano, formatCents, parseMoney, type Nano } from './money';
import { dollars, reasonsInWords, statusInWords } from './words';

/** Why a decision fell: the rule of the product and a sentence for people (A15). */
export type Reasoned = { rule: string; because: string };
export type StandingNotice = 'suspended' | 'resumed' | 'low_balance';

export type Decision =
  /** Read the account from Postgres, which also tells Postgres that its news has arrived. */
  | { kind: 'read' }
  /** Post usage that was reported by signal. */
  | { kind: 'post'; events: Record<string, unknown>[] }
  | { kind: 'answer'; request: SettingsRequest }
  /** The first charge of a request has ended: answer the request. */
  | { kind: 'conclude'; requestId: string; reloadId: string }
  | ({ kind: 'open'; settingsVersion: number } & Reasoned)
  | ({ kind: 'attempt'; reload: OpenReload; methodId: string; role: MethodRole } & Reasoned)
  | ({ kind: 'strike'; reload: OpenReload; methodsVersion: number; disables: boolean } & Reasoned)
  | ({ kind: 'close'; reload: OpenReload; state: 'failed' | 'canceled' } & Reasoned)
  | { kind: 'cancel'; paymentId: string }
  | ({
      kind: 'stand';
      standing: Standing;
      notice: StandingNotice | null;
      act: 'suspend' | 'resume' | 'hold_back' | 'note';
    } & Reasoned)
  | { kind: 'wait'; untilMs: number }
  | { kind: 'rest' };

/** A8: so many failed attempts in a row disable auto-reload. */
export const STRIKES_MAX = 3;
/** N1: the mail "suspended" waits so long for a reload in flight. */
export const SUSPENDED_NOTICE_DELAY_MS = 60_000;

type Stage = (state: AccountState, nowMs: number) => Decision | null;

/** What to do now. Requests come before money, money before the flag; when nothing is to be done: until when to wait. */
export function decide(state: AccountState, nowMs: number): Decision {
  let untilMs = Infinity;
  for (const stage of [refresh, post, answer, reload, stand, acknowledge] satisfies Stage[]) {
    const decision = stage(state, nowMs);
    if (decision?.kind === 'wait') untilMs = Math.min(untilMs, decision.untilMs);
    else if (decision) return decision;
  }
  return untilMs === Infinity ? { kind: 'rest' } : { kind: 'wait', untilMs };
}

const refresh: Stage = (state) => (state.stale ? { kind: 'read' } : null);

/** What has been used is deducted before anything is decided from the balance; so much of it at a time. */
const POSTED_EVENTS_MAX = 1_000;
const post: Stage = ({ reported = [] }) =>
  reported.length > 0 ? { kind: 'post', events: reported.slice(0, POSTED_EVENTS_MAX) } : null;

/** A first charge is a reload that opens: what could still be paid late is canceled before it (A5, A7). */
const answer: Stage = ({ requests: [request], snapshot, charging, retry }, nowMs) => {
  if (!request) return null;
  const { uncanceled } = snapshot;
  const mayCancel = !charging && nowMs >= retry.dueMs;
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
  return firstCharge(parseMoney(available), request.settings, policy.trigger).kind === 'charge';
}

const reload: Stage = (state, nowMs) => {
  const { snapshot } = state;
  if (state.charging) return null;
  if (state.firstCharge && snapshot.reload?.id !== state.firstCharge.reloadId)
    return { kind: 'conclude', ...state.firstCharge };
  if (nowMs < state.retry.dueMs) return { kind: 'wait', untilMs: state.retry.dueMs };
  if (snapshot.reload) return mustClose(snapshot, snapshot.reload) ?? nextAttempt(snapshot, snapshot.reload, nowMs);

  const wanted = wantsReload(snapshot);
  const { uncanceled } = snapshot;
  // One that awaits its owner's confirmation may still be paid: it is canceled only before the next opens (A7).
  if (uncanceled && (wanted || !uncanceled.awaitsOwner)) return { kind: 'cancel', paymentId: uncanceled.paymentId };
  return wanted ? open(snapshot, nowMs) : null;
};

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

/** The wait after the n-th strike in a row; the last delay stands for all later (A10). */
export const retryDelayMs = (delaysMs: readonly number[], strikes: number): number =>
  delaysMs[Math.min(strikes, delaysMs.length) - 1] ?? 0;

/** Auto-reload is on and available has reached the threshold (A3). */
function wantsReload({ settings, available, policy }: Snapshot): boolean {
  return settings.status === 'on' && reached(parseMoney(available), settings.thresholdCents!, policy.trigger);
}

/** Keeps the flag, what owners were told, and what blocks reloads in step with the facts (S2, N1, A12). */
const stand: Stage = ({ snapshot, charging }, nowMs) => {
  const available = parseMoney(snapshot.available);
  const reasons = reasonsOf(available, snapshot.setReasons);
  const { flag } = snapshot;
  const was = flag.reasons.length > 0;
  const is = reasons.length > 0;
  const sinceMs = was === is ? flag.sinceMs : nowMs;
  const reloading = charging || snapshot.reload !== null;

  let told = is ? flag.told : 'never';
  let notice: StandingNotice | null = null;
  if (is && !was) told = 'due';
  if (told === 'due' && (!reloading || nowMs >= sinceMs + SUSPENDED_NOTICE_DELAY_MS))
    [told, notice] = ['told', 'suspended'];
  if (was && !is && flag.told === 'told') notice = 'resumed';

  const blocked = blockedNow(snapshot, nowMs);
  const low = available <= lowLevel(snapshot);
  const unable = snapshot.settings.status !== 'on' || blocked !== null;
  const tellLow = low && !is && unable && !snapshot.toldLow;
  const toldLow = low && (snapshot.toldLow || tellLow || is);
  notice ??= tellLow ? 'low_balance' : null;

  const standing: Standing = { flag: { reasons, sinceMs, told }, toldLow, blocked };
  const same =
    reasons.join() === flag.reasons.join() &&
    told === flag.told &&
    toldLow === snapshot.toldLow &&
    blocked?.by === snapshot.blocked?.by;
  if (same) return told === 'due' ? { kind: 'wait', untilMs: sinceMs + SUSPENDED_NOTICE_DELAY_MS } : null;

  if (reasons.join() !== flag.reasons.join()) {
    return is
      ? {
          kind: 'stand',
          standing,
          notice,
          act: 'suspend',
          rule: 'S2',
          because: `${reasonsInWords(reasons)}: available is ${dollars(snapshot.available)}`,
        }
      : {
          kind: 'stand',
          standing,
          notice,
          act: 'resume',
          rule: 'S2',
          because: `available is ${dollars(snapshot.available)} and nothing stands against access any more`,
        };
  }
  if (blocked && blocked.by !== snapshot.blocked?.by) {
    return {
      kind: 'stand',
      standing,
      notice,
      act: 'hold_back',
      rule: 'P5',
      because: `a reload is due, but no card is charged while ${reasonsInWords(snapshot.setReasons)}`,
    };
  }
  return {
    kind: 'stand',
    standing,
    notice,
    act: 'note',
    rule: 'N1',
    because: `available is ${dollars(snapshot.available)}`,
  };
};

/** What blocks a reload that is due: a suspension, or a guard until its time has passed. */
function blockedNow(snapshot: Snapshot, nowMs: number): Standing['blocked'] {
  if (!wantsReload(snapshot)) return null;
  if (snapshot.setReasons.length > 0) return { by: 'suspended', untilMs: null };
  const { blocked } = snapshot;
  return blocked && blocked.untilMs !== null && nowMs < blocked.untilMs ? blocked : null;
}

/** At or below it owners hear of a low balance, and the gate says `low` (S4). */
function lowLevel({ settings }: Snapshot): Nano {
  return centsToNano(settings.status === 'on' ? settings.thresholdCents! : LOW_LEVEL_CENTS);
}

/** Available has crossed a level since Postgres last saw it folded: say so, or the relay keeps calling. */
const acknowledge: Stage = ({ snapshot, acknowledgedAvailable }) => {
  const { settings, policy } = snapshot;
  const level =
    settings.status === 'on' ? triggerLevel(settings.thresholdCents!, policy.trigger) : centsToNano(LOW_LEVEL_CENTS);
  const [then, now] = [parseMoney(acknowledgedAvailable), parseMoney(snapshot.available)];
  const crossed = then <= 0n !== now <= 0n || then <= level !== now <= level;
  return crossed ? { kind: 'read' } : null;
};
