/** What the workflow must do next, as the rules have it: the model's own `decide`, and what it keeps between decisions. */
import type { Reason } from '../../domain/gate';
import { cancelDelayMs, type AutoReload } from './autoReload';
import type { Asked, StripeAnswer } from './commands';
import type { Payment, Payments } from './payments';
import { LOW, nanoOf, type Purse } from './purse';

/** A decision in what counts of it. Payments and methods by their number. */
export type Decided = { kind: string } & Record<string, unknown>;
type Blocked = AutoReload['blocked'];

const NOTICE_DELAY_MS = 60_000;
const HANGING_TRIES = 3;

export class Workflow {
  request: Asked | null = null;
  /** The payment of a first charge that somebody waits for. */
  private firstCharge: Payment | null = null;
  /** What it has not read. */
  isStale = true;
  private retry: { dueMs: number; tries: number; canceling: { payment: Payment; dueMs: number } | null } = NO_RETRY;
  private flag: { reasons: Reason[]; sinceMs: number; told: 'due' | 'told' | 'never' } = {
    reasons: ['balance_exhausted'],
    sinceMs: 0,
    told: 'never',
  };
  private toldLow = true;
  private seenSuspensions = 0;
  private toldLows = 0;

  constructor(
    private readonly purse: Purse,
    private readonly autoReload: AutoReload,
    private readonly payments: Payments,
  ) {}

  /** All that the snapshot says which is no money. */
  get stored(): object {
    const { flag, toldLow, seenSuspensions, toldLows } = this;
    return { flag: flag.reasons, told: flag.told, toldLow, seenSuspensions, toldLows };
  }

  decide(nowMs: number): Decided {
    return this.isStale ? { kind: 'read' } : this.decideFresh(nowMs);
  }

  /** As if it had read all that is so. */
  decideFresh(nowMs: number): Decided {
    if (this.request) {
      const { uncanceled } = this.autoReload;
      const cancels = uncanceled && nowMs >= this.retryDueMs && this.autoReload.wouldCharge(this.request);
      return cancels ? { kind: 'cancel', payment: uncanceled.nth } : { kind: 'answer', request: this.request.kind };
    }
    const waits: number[] = [];
    for (const next of [this.ofReload(nowMs), this.ofStatus(nowMs), this.ofLevels()]) {
      if (typeof next === 'number') waits.push(next);
      else if (next) return next;
    }
    return waits.length > 0 ? { kind: 'wait', untilMs: Math.min(...waits) } : { kind: 'rest' };
  }

  /** A wait for a cancellation ends with what it waited for. */
  private get retryDueMs(): number {
    const { dueMs, canceling } = this.retry;
    if (!canceling) return dueMs;
    const { uncanceled } = this.autoReload;
    return uncanceled === canceling.payment && uncanceled.cancelDueMs === canceling.dueMs ? dueMs : 0;
  }

  /** A decision, until when to wait, or null. */
  private ofReload(nowMs: number): Decided | number | null {
    const { inFlight, uncanceled, isDue, version } = this.autoReload;
    if (this.firstCharge && this.firstCharge !== inFlight) return { kind: 'conclude' };
    if (nowMs < this.retryDueMs) return this.retryDueMs;
    if (inFlight) return this.ofOpenReload(inFlight, nowMs);
    if (uncanceled && (isDue || uncanceled.status === 'processing')) return { kind: 'cancel', payment: uncanceled.nth };
    if (!isDue || this.purse.reasons.length > 0) return null;
    const untilMs = this.blockedUntilMs > nowMs ? this.blockedUntilMs : this.strikeUntilMs;
    return untilMs > nowMs ? untilMs : { kind: 'open', settingsVersion: version };
  }

  private get blockedUntilMs(): number {
    return this.autoReload.blocked?.untilMs ?? 0;
  }

  /** A new method ends the wait after a strike (A10). */
  private get strikeUntilMs(): number {
    const { strikes, lastStrikeMs, methodsVersion, triedVersion, waitAfterStrikeMs } = this.autoReload;
    return strikes > 0 && methodsVersion <= triedVersion ? lastStrikeMs! + waitAfterStrikeMs : 0;
  }

  private ofOpenReload(payment: Payment, nowMs: number): Decided | number {
    const { isDue, methods, methodsVersion, triedVersion, strikes } = this.autoReload;
    const reload = payment.reload!;
    const about = { payment: payment.nth };
    if (this.purse.reasons.length > 0) return { kind: 'close', ...about, state: 'canceled' };
    if (!reload.wished && !isDue) return { kind: 'close', ...about, state: 'canceled' };
    const isHastened = reload.state === 'waiting' && methodsVersion > triedVersion;
    if (nowMs < reload.dueMs && !isHastened) return reload.dueMs;
    const unknown = reload.tried.find(({ outcome }) => outcome === 'unknown');
    if (unknown) return { kind: 'attempt', ...about, method: unknown.method };
    const isFresh = (nth: number): boolean => !reload.tried.some(({ method }) => method === nth);
    const next = (role: string) =>
      methods.find((method) => method.role === role && method.isUsable && isFresh(method.nth));
    const method = next('primary') ?? next('backup');
    if (method) return { kind: 'attempt', ...about, method: method.nth };
    if (reload.wished) return { kind: 'close', ...about, state: 'failed' };
    return { kind: 'strike', ...about, disables: strikes === 2 };
  }

  /** What owners are told (N1), and what blocks a reload (A17). */
  private ofStatus(nowMs: number): Decided | number | null {
    const { purse, flag } = this;
    const reasons = purse.gateReasons;
    const blocked = this.blockedNow(nowMs);
    const isSuspended = reasons.length > 0;
    const wasSuspended = flag.reasons.length > 0;

    // Each suspension is told once; that a new account has no money yet is none, until a reload is due and can't be made.
    const isNew =
      isSuspended &&
      (!wasSuspended || purse.suspensions > this.seenSuspensions || (flag.told === 'never' && this.autoReload.isDue));
    const sinceMs = isNew || wasSuspended !== isSuspended ? nowMs : flag.sinceMs;
    let told = isNew ? ('due' as const) : isSuspended ? flag.told : ('never' as const);
    let notice: string | null = !isSuspended && flag.told === 'told' ? 'resumed' : null;
    const tellsNow = told === 'due' && (!this.autoReload.inFlight || nowMs >= sinceMs + NOTICE_DELAY_MS);
    if (tellsNow) [told, notice] = ['told', 'suspended'];

    const isLow =
      purse.available <= (this.autoReload.status === 'on' ? nanoOf(this.autoReload.settings!.thresholdCents) : LOW);
    const wasTold = this.toldLow && purse.lows === this.toldLows;
    const tellsLow = isLow && !wasTold && !isSuspended && (this.autoReload.status !== 'on' || blocked !== null);
    const toldLow = isLow && (wasTold || tellsLow || isSuspended);
    const isNewLow = toldLow && !wasTold;
    if (tellsLow) notice ??= 'low_balance';

    const isOther =
      reasons.join() !== flag.reasons.join() || isNew || told !== flag.told || isNewLow || toldLow !== this.toldLow;
    const blocksOther = blocked?.by !== this.autoReload.blocked?.by;
    const by = isOther && blocked?.by === 'pending_payment' ? this.autoReload.blocked : blocked;
    const save = {
      kind: 'save_status',
      reasons,
      told,
      toldLow,
      blocked: by,
      begins: { suspension: isNew, low: isNewLow },
      notice,
    };
    if (isOther) return { ...save, sinceMs };
    if (blocksOther) return { ...save, sinceMs, notice: blocked?.by === 'pending_payment' ? 'pending_payment' : null };
    return told === 'due' ? flag.sinceMs + NOTICE_DELAY_MS : null;
  }

  private blockedNow(nowMs: number): Blocked {
    const { isDue, inFlight, uncanceled, blocked } = this.autoReload;
    if (!isDue) return null;
    if (this.purse.reasons.length > 0) return { by: 'suspended', untilMs: null };
    if (!inFlight && uncanceled && uncanceled.cancelTries >= HANGING_TRIES)
      return { by: 'pending_payment', untilMs: null };
    return this.blockedUntilMs > nowMs ? blocked : null;
  }

  /** A level was crossed that Postgres does not know this workflow to know. */
  private ofLevels(): Decided | null {
    const { available, folded, trigger } = this.purse;
    const crossed = available <= 0n !== folded <= 0n || available <= trigger !== folded <= trigger;
    return crossed ? { kind: 'read' } : null;
  }

  /** Does what was decided; each act ends with reading all that is so. Returns what is answered to who asked. */
  act(decided: Decided, stripe: StripeAnswer, nowMs: number): string | null {
    const payment = this.payments.all[decided.payment as number]!;
    if (decided.kind === 'conclude') {
      this.firstCharge = null;
      return null;
    }
    if (decided.kind === 'read') this.isStale = false;
    const answer = this.actOn(decided, payment, stripe, nowMs);
    this.purse.fold();
    return answer;
  }

  private actOn(decided: Decided, payment: Payment, stripe: StripeAnswer, nowMs: number): string | null {
    switch (decided.kind) {
      case 'answer': {
        const answer = this.autoReload.answer(this.request!, nowMs);
        this.request = null;
        if (answer.startsWith('charging')) this.firstCharge = this.autoReload.inFlight!;
        return answer;
      }
      case 'open':
        this.autoReload.openNext(nowMs);
        break;
      case 'attempt':
        this.autoReload.attempt(payment, decided.method as number, stripe, nowMs);
        this.retry = NO_RETRY;
        break;
      case 'strike':
        this.autoReload.strike(payment, nowMs);
        break;
      case 'close':
        this.autoReload.close(payment, nowMs);
        break;
      case 'cancel': {
        if (this.autoReload.cancel(payment, stripe, nowMs)) this.retry = NO_RETRY;
        else this.waitForCancel(payment, nowMs);
        break;
      }
      case 'save_status':
        this.save(decided);
    }
    return null;
  }

  private waitForCancel(payment: Payment, nowMs: number): void {
    const tries = this.retry.tries + 1;
    this.retry = { dueMs: nowMs + cancelDelayMs(tries), tries, canceling: { payment, dueMs: payment.cancelDueMs! } };
    this.isStale = true;
  }

  private save(decided: Decided): void {
    const { reasons, told, toldLow, sinceMs, begins, blocked } = decided as unknown as Workflow['flag'] & {
      toldLow: boolean;
      begins: { suspension: boolean; low: boolean };
      blocked: Blocked;
    };
    this.flag = { reasons, told, sinceMs };
    this.toldLow = toldLow;
    this.autoReload.blocked = blocked;
    if (begins.suspension) this.seenSuspensions = this.purse.suspensions;
    if (begins.low) this.toldLows = this.purse.lows;
  }
}

const NO_RETRY = { dueMs: 0, tries: 0, canceling: null };
