/** Keeps the flag, what owners were told, and what blocks reloads in step with the facts (S2, N1, A12, A17). */
import type { AccountState, Snapshot, Standing } from './accountState';
import { LOW_LEVEL_CENTS, reached } from './autoReload';
import type { Decision, Reasoned, StandingNotice } from './decision';
import { reasonsOf, type Reason } from './gate';
import { centsToNano, parseMoney, type Nano } from './money';
import { dollars, reasonsInWords } from './words';

/** N1: the mail "suspended" waits so long for a reload in flight. */
export const SUSPENDED_NOTICE_DELAY_MS = 60_000;
/** A payment whose cancellation failed so often hangs: the first tries take 3 s, and most outages no longer. */
const HANGING_TRIES = 3;

/** Auto-reload is on and available has reached the threshold (A3). */
export function wantsReload({ settings, available, policy }: Snapshot): boolean {
  return settings.status === 'on' && reached(parseMoney(available), settings.thresholdCents!, policy.trigger);
}

/** The change that is due in what is told and kept, or when one will be; null when all is as it should be. */
export function decideStanding(state: AccountState, nowMs: number): Decision | null {
  const { snapshot } = state;
  const available = parseMoney(snapshot.available);
  const reasons = reasonsOf(available, snapshot.setReasons);
  const blocked = blockedNow(snapshot, nowMs);
  const access = tellAccess(state, reasons, nowMs);
  const low = tellLow(snapshot, available, reasons.length > 0, blocked !== null);

  const flagged = reasons.join() !== snapshot.flag.reasons.join();
  const blocks = blocked?.by !== snapshot.blocked?.by;
  if (flagged || access.changed || low.changed) {
    const standing: Standing = {
      flag: { reasons, sinceMs: access.sinceMs, told: access.told },
      toldLow: low.told,
      // Owners hear of one thing at a time: of a payment that hangs with the next decision.
      blocked: blocked?.by === 'pending_payment' ? snapshot.blocked : blocked,
      begins: { suspension: access.begins, low: low.begins },
    };
    const notice = access.notice ?? (low.tells ? 'low_balance' : null);
    return {
      kind: 'stand',
      standing,
      notice,
      ...becauseOf(snapshot, reasons, flagged || access.begins, blocks && blocked),
    };
  }
  if (blocks) return block(snapshot, blocked);
  return access.told === 'due' ? { kind: 'wait', untilMs: access.sinceMs + SUSPENDED_NOTICE_DELAY_MS } : null;
}

type Access = {
  told: Standing['flag']['told'];
  sinceMs: number;
  /** A suspension that was not seen before: also one that began after the seen one had ended. */
  begins: boolean;
  notice: StandingNotice | null;
  changed: boolean;
};

/** N1: each suspension is told once, unless a reload lifts it in time; "resumed" only after it. */
function tellAccess({ snapshot, charging }: AccountState, reasons: readonly Reason[], nowMs: number): Access {
  const { flag, falls } = snapshot;
  const was = flag.reasons.length > 0;
  const is = reasons.length > 0;
  const missed = falls !== undefined && falls.suspensions !== falls.seenSuspensions;
  // One in which an account begins is not told, until it keeps a reload from being made (A17).
  const silent = falls !== undefined && flag.told === 'never' && wantsReload(snapshot);
  const begins = is && (!was || missed || silent);
  const sinceMs = was === is && !begins ? flag.sinceMs : nowMs;
  const reloading = charging || snapshot.reload !== null;

  let told = begins ? 'due' : is ? flag.told : 'never';
  let notice: StandingNotice | null = was && !is && flag.told === 'told' ? 'resumed' : null;
  if (told === 'due' && (!reloading || nowMs >= sinceMs + SUSPENDED_NOTICE_DELAY_MS))
    [told, notice] = ['told', 'suspended'];
  return { told, sinceMs, begins, notice, changed: begins || told !== flag.told };
}

type Low = { told: boolean; tells: boolean; begins: boolean; changed: boolean };

/** N1: each time the balance becomes low it is told once, if auto-reload will not help. A suspension says more. */
function tellLow(snapshot: Snapshot, available: Nano, suspended: boolean, blocked: boolean): Low {
  const { falls } = snapshot;
  const low = available <= lowLevel(snapshot);
  const unable = snapshot.settings.status !== 'on' || blocked;
  const toldBefore = snapshot.toldLow && (falls === undefined || falls.lows === falls.toldLows);
  const tells = low && !suspended && unable && !toldBefore;
  const told = low && (toldBefore || tells || suspended);
  const begins = told && !toldBefore;
  return { told, tells, begins, changed: begins || told !== snapshot.toldLow };
}

/** At or below it owners hear of a low balance, and the gate says `low` (S4). */
function lowLevel({ settings }: Snapshot): Nano {
  return centsToNano(settings.status === 'on' ? settings.thresholdCents! : LOW_LEVEL_CENTS);
}

type Act = Reasoned & { act: Extract<Decision, { kind: 'stand' }>['act'] };

function becauseOf(
  snapshot: Snapshot,
  reasons: readonly Reason[],
  turns: boolean,
  blocked: Standing['blocked'] | false,
): Act {
  const available = dollars(snapshot.available);
  if (turns && reasons.length > 0)
    return { act: 'suspend', rule: 'S2', because: `${reasonsInWords(reasons)}: available is ${available}` };
  if (turns)
    return {
      act: 'resume',
      rule: 'S2',
      because: `available is ${available} and nothing stands against access any more`,
    };
  if (blocked && blocked.by !== 'pending_payment') return holdBack(snapshot);
  return { act: 'note', rule: 'N1', because: `available is ${available}` };
}

const holdBack = ({ setReasons }: Snapshot): Act => ({
  act: 'hold_back',
  rule: 'P5',
  because: `a reload is due, but no card is charged while ${reasonsInWords(setReasons)}`,
});

/** Only what blocks reloads has changed. */
function block(snapshot: Snapshot, blocked: Standing['blocked']): Decision {
  const { flag, toldLow } = snapshot;
  const standing: Standing = { flag, toldLow, blocked, begins: { suspension: false, low: false } };
  if (blocked?.by === 'pending_payment') {
    const because = `a reload is due, but an earlier charge is not decided, and Stripe does not let it be canceled yet`;
    return { kind: 'stand', standing, notice: 'pending_payment', act: 'hold_back', rule: 'A17', because };
  }
  if (blocked) return { kind: 'stand', standing, notice: null, ...holdBack(snapshot) };
  const because = `available is ${dollars(snapshot.available)}`;
  return { kind: 'stand', standing, notice: null, act: 'note', rule: 'N1', because };
}

/** What blocks a reload that is due: a suspension, a payment that hangs, or a guard until its time has passed. */
function blockedNow(snapshot: Snapshot, nowMs: number): Standing['blocked'] {
  if (!wantsReload(snapshot)) return null;
  if (snapshot.setReasons.length > 0) return { by: 'suspended', untilMs: null };
  if (hangs(snapshot)) return { by: 'pending_payment', untilMs: null };
  const { blocked } = snapshot;
  return blocked && blocked.untilMs !== null && nowMs < blocked.untilMs ? blocked : null;
}

/** The payment of a closed reload can neither be paid nor canceled yet, and no other may open before it is (A7). */
const hangs = ({ reload, uncanceled }: Snapshot): boolean =>
  reload === null && uncanceled?.dueMs !== undefined && (uncanceled.failing?.tries ?? 0) >= HANGING_TRIES;
