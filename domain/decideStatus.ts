/** Decides when the account's status must change: the suspension flag, what owners were told, what blocks a reload (S2, N1, A12, A17). */
import type { AccountState, AccountStatus, Snapshot } from './accountState';
import { levelsOf, reached } from './autoReload';
import type { Decision, Reasoned, StatusNotice } from './decision';
import { reasonsOf, type Reason } from './gate';
import { parseBalance, type Nano } from './money';
import { dollars, reasonsInWords } from './words';

/** N1: the mail "suspended" waits so long for a reload in flight. */
const SUSPENDED_NOTICE_DELAY_MS = 60_000;
/** A payment whose cancellation failed so often hangs: the first tries take 3 s, and most outages no longer. */
const HANGING_TRIES = 3;

/** Auto-reload is on and available has reached the threshold (A3). */
export function wantsReload({ settings, available, policy }: Snapshot): boolean {
  return settings.status === 'on' && reached(parseBalance(available), settings.thresholdCents!, policy.trigger);
}

/** The new status when the stored one no longer fits the balance and its reasons; a wait while a notice is delayed; null when it fits. */
export function decideStatus(state: AccountState, nowMs: number): Decision | null {
  const { snapshot } = state;
  const available = parseBalance(snapshot.available);
  const reasons = reasonsOf(available, snapshot.setReasons);
  const blocked = blockedNow(snapshot, nowMs);
  const access = tellAccess(state, reasons, nowMs);
  const low = tellLow(snapshot, available, reasons.length > 0, blocked !== null);

  const flagged = reasons.join() !== snapshot.flag.reasons.join();
  const blocks = blocked?.by !== snapshot.blocked?.by;
  if (flagged || access.changed || low.changed) {
    const status: AccountStatus = {
      flag: { reasons, sinceMs: access.sinceMs, told: access.told },
      toldLow: low.told,
      // One decision sends one notice: a payment that hangs is told of by the next one.
      blocked: blocked?.by === 'pending_payment' ? snapshot.blocked : blocked,
      begins: { suspension: access.begins, low: low.begins },
    };
    const notice = access.notice ?? (low.tells ? 'low_balance' : null);
    return {
      kind: 'save_status',
      status,
      notice,
      ...becauseOf(snapshot, reasons, flagged || access.begins, blocks && blocked),
    };
  }
  if (blocks) return block(snapshot, blocked);
  return access.told === 'due' ? { kind: 'wait', untilMs: access.sinceMs + SUSPENDED_NOTICE_DELAY_MS } : null;
}

type Access = {
  told: AccountStatus['flag']['told'];
  sinceMs: number;
  /** A suspension that was not seen before: also one that began after the seen one had ended. */
  begins: boolean;
  notice: StatusNotice | null;
  changed: boolean;
};

/** N1: owners are told once of each suspension, unless a reload ends it within a minute; of its end, only where they were told of it. */
function tellAccess({ snapshot, charging }: AccountState, reasons: readonly Reason[], nowMs: number): Access {
  const { flag, falls } = snapshot;
  const was = flag.reasons.length > 0;
  const is = reasons.length > 0;
  const missed = falls !== undefined && falls.suspensions !== falls.seenSuspensions;
  // A new account begins suspended, and nobody is told. Once a reload is due and can't be made, its owners are (A17).
  const silent = falls !== undefined && flag.told === 'never' && wantsReload(snapshot);
  const begins = is && (!was || missed || silent);
  const sinceMs = was === is && !begins ? flag.sinceMs : nowMs;
  const reloading = charging || snapshot.reload !== null;

  let told = begins ? 'due' : is ? flag.told : 'never';
  let notice: StatusNotice | null = was && !is && flag.told === 'told' ? 'resumed' : null;
  if (told === 'due' && (!reloading || nowMs >= sinceMs + SUSPENDED_NOTICE_DELAY_MS))
    [told, notice] = ['told', 'suspended'];
  return { told, sinceMs, begins, notice, changed: begins || told !== flag.told };
}

type Low = { told: boolean; tells: boolean; begins: boolean; changed: boolean };

/** N1: owners are told once each time the balance becomes low, if no reload will follow. A suspension's notice includes it. */
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
function lowLevel({ settings, policy }: Snapshot): Nano {
  return levelsOf(settings.status === 'on' ? settings.thresholdCents! : null, policy).low;
}

type Act = Reasoned & { act: Extract<Decision, { kind: 'save_status' }>['act'] };

function becauseOf(
  snapshot: Snapshot,
  reasons: readonly Reason[],
  turns: boolean,
  blocked: AccountStatus['blocked'] | false,
): Act {
  const available = dollars(snapshot.available);
  if (turns && reasons.length > 0)
    return { act: 'suspend', rule: 'S2', because: `${reasonsInWords(reasons)}: available is ${available}` };
  if (turns)
    return {
      act: 'resume',
      rule: 'S2',
      because: `available is ${available} and nothing stops access any more`,
    };
  if (blocked && blocked.by !== 'pending_payment') return notCharged(snapshot);
  return noted(snapshot);
}

const noted = ({ available }: Snapshot): Act => ({
  act: 'note',
  rule: 'N1',
  because: `available is ${dollars(available)}`,
});

const notCharged = ({ setReasons }: Snapshot): Act => ({
  act: 'not_charged',
  rule: 'P5',
  because: `a reload is due, but no card is charged while ${reasonsInWords(setReasons)}`,
});

/** Only what blocks reloads has changed. */
function block(snapshot: Snapshot, blocked: AccountStatus['blocked']): Decision {
  const { flag, toldLow } = snapshot;
  const status: AccountStatus = { flag, toldLow, blocked, begins: { suspension: false, low: false } };
  if (blocked?.by === 'pending_payment') {
    const because = `a reload is due, but an earlier charge is not decided, and Stripe does not let it be canceled yet`;
    return { kind: 'save_status', status, notice: 'pending_payment', act: 'not_charged', rule: 'A17', because };
  }
  return { kind: 'save_status', status, notice: null, ...(blocked ? notCharged : noted)(snapshot) };
}

/** What blocks a reload that is due: a suspension, a payment that hangs, or a guard until its time has passed. */
function blockedNow(snapshot: Snapshot, nowMs: number): AccountStatus['blocked'] {
  if (!wantsReload(snapshot)) return null;
  if (snapshot.setReasons.length > 0) return { by: 'suspended', untilMs: null };
  if (hangs(snapshot)) return { by: 'pending_payment', untilMs: null };
  const { blocked } = snapshot;
  return blocked && blocked.untilMs !== null && nowMs < blocked.untilMs ? blocked : null;
}

/** The payment of a closed reload can neither be paid nor canceled yet, and no other may open before it is (A7). */
const hangs = ({ reload, uncanceled }: Snapshot): boolean =>
  reload === null && uncanceled?.dueMs !== undefined && (uncanceled.failing?.tries ?? 0) >= HANGING_TRIES;
