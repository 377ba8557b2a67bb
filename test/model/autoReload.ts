/** Auto-reload as the rules have it (A1–A13): settings, the reload in flight, strikes, guards. */
import type { Asked, Settings, StripeAnswer } from './commands';
import { isOpen, type Payment, type Payments, type Reload } from './payments';
import { LOW, nanoOf, type Purse } from './purse';

export const RETRY_DELAYS_MS = [60_000, 300_000];
const HOUR_MS = 3_600_000;
const RELOADS_PER_HOUR = 10;
const FIRST_CHARGE_MAX = 1_250_000;

export type Method = { nth: number; role: 'primary' | 'backup' | null; isUsable: boolean };
type Guard = { by: 'monthly_limit' | 'breaker'; untilMs: number };

export class AutoReload {
  status: 'off' | 'on' | 'paused' | 'disabled_after_failures' = 'off';
  settings: Settings | null = null;
  version = 0;
  strikes = 0;
  lastStrikeMs: number | null = null;
  readonly methods: Method[] = [];
  methodsVersion = 0;
  triedVersion = 0;
  /** What stops a reload that is due, as it is stored. */
  blocked: { by: string; untilMs: number | null } | null = null;

  constructor(
    private readonly purse: Purse,
    private readonly payments: Payments,
    /** Reloads start strictly below the threshold (A3). */
    private readonly below: boolean,
  ) {}

  get inFlight(): Payment | undefined {
    return this.payments.all.find(({ reload }) => reload && reload.closedMs === null);
  }

  /** Closed unpaid, and not canceled yet: the oldest. */
  get uncanceled(): Payment | undefined {
    return this.payments.all.find((payment) => isOpen(payment) && payment.reload && payment.reload.closedMs !== null);
  }

  isReached(thresholdCents: number): boolean {
    const threshold = nanoOf(thresholdCents);
    return this.below ? this.purse.available < threshold : this.purse.available <= threshold;
  }

  get isDue(): boolean {
    return this.status === 'on' && this.isReached(this.settings!.thresholdCents);
  }

  get waitAfterStrikeMs(): number {
    return RETRY_DELAYS_MS[Math.min(this.strikes, RETRY_DELAYS_MS.length) - 1]!;
  }

  addCard(role: 'primary' | 'backup'): void {
    this.purse.hasNews = true;
    const isFirst = this.methods.length === 0;
    for (const method of this.methods) if (method.role === role) method.role = null;
    this.methods.push({ nth: this.methods.length, role: isFirst ? 'primary' : role, isUsable: true });
    this.methodsVersion += 1;
  }

  /** What an owner asks. */
  answer(asked: Asked, nowMs: number): string {
    switch (asked.kind) {
      case 'configure':
        return this.configure(asked.settings, nowMs);
      case 'pause':
        if (this.status === 'paused') return 'saved';
        return this.status === 'on' ? this.turn('paused') : 'refused auto_reload_not_on';
      case 'resume':
        if (this.status === 'on') return 'saved';
        return this.status === 'paused' ? this.turn('on') : 'refused auto_reload_not_paused';
      case 'disable':
        this.forgetStrikes();
        return this.turn('off');
    }
  }

  private configure(settings: Settings, nowMs: number): string {
    if (!this.methods.some(({ role }) => role === 'primary')) return 'refused payment_method_required';
    if (!this.payments.all.some(({ status }) => status === 'succeeded')) return 'refused first_purchase_required';
    if (this.inFlight?.reload!.wished) return 'refused reload_in_flight';
    if (this.status === 'paused') {
      this.putInForce(settings, 'paused');
      return 'saved';
    }
    if (this.inFlight || !this.isReached(settings.thresholdCents)) {
      this.putInForce(settings, 'on');
      return 'saved';
    }
    if (this.purse.reasons.length > 0) return 'refused account_suspended';
    const cents = this.firstCharge(settings);
    if (cents > FIRST_CHARGE_MAX) return 'refused amount_too_small';
    const guard = this.guardOf(cents, settings.monthlyLimitCents, nowMs);
    if (guard) return `refused ${guard.by === 'breaker' ? 'breaker_reached' : 'monthly_limit_exceeded'}`;
    if (this.uncanceled) return 'refused reload_in_flight';
    this.open(cents, settings, nowMs);
    return `charging ${cents}`;
  }

  /** The smallest whole multiple of the amount that brings available above the threshold. */
  firstCharge({ thresholdCents, amountCents }: Settings): number {
    let cents = amountCents;
    while (this.purse.available + nanoOf(cents) <= nanoOf(thresholdCents)) cents += amountCents;
    return cents;
  }

  wouldCharge(asked: Asked): boolean {
    if (asked.kind !== 'configure' || this.status === 'paused' || this.inFlight || this.purse.reasons.length > 0)
      return false;
    if (!this.methods.some(({ role }) => role === 'primary') || !this.isReached(asked.settings.thresholdCents))
      return false;
    return this.firstCharge(asked.settings) <= FIRST_CHARGE_MAX;
  }

  /** Strikes are forgotten when it is turned on anew (A13), not when settings change. */
  private putInForce(settings: Settings, status: 'on' | 'paused'): void {
    if (this.status !== 'on') this.forgetStrikes();
    Object.assign(this, { settings, status, blocked: null });
    this.version += 1;
    this.setLevels();
  }

  /** A first charge that is under way puts nothing in force any more. */
  private turn(status: AutoReload['status']): string {
    Object.assign(this, { status, blocked: null });
    this.version += 1;
    if (this.inFlight) this.inFlight.reload!.wished = null;
    this.setLevels();
    return 'saved';
  }

  private forgetStrikes(): void {
    this.strikes = 0;
    this.lastStrikeMs = null;
  }

  private setLevels(): void {
    const low = this.status === 'on' ? nanoOf(this.settings!.thresholdCents) : LOW;
    this.purse.change({ low, trigger: this.status === 'on' && this.below ? low - 1n : low });
  }

  /** Opens the reload that is due, unless a guard stops it. */
  openNext(nowMs: number): void {
    const { amountCents, monthlyLimitCents } = this.settings!;
    const guard = this.guardOf(amountCents, monthlyLimitCents, nowMs);
    if (guard) this.blocked = guard;
    else this.open(amountCents, null, nowMs);
  }

  private open(cents: number, wished: Settings | null, nowMs: number): void {
    const number = this.payments.all.filter(({ reload }) => reload).length + 1;
    const reload: Reload = {
      number,
      state: 'charging',
      attempt: 1,
      dueMs: nowMs,
      openedMs: nowMs,
      closedMs: null,
      wished,
      tried: [],
    };
    this.payments.begin(cents, nowMs, reload);
    this.blocked = null;
    this.purse.isReloading = true;
  }

  private guardOf(cents: number, limitCents: number | null, nowMs: number): Guard | null {
    const reloads = this.payments.all.filter(({ reload }) => reload);
    const lately = reloads.filter(({ reload }) => reload!.openedMs > nowMs - HOUR_MS);
    if (lately.length >= RELOADS_PER_HOUR)
      return { by: 'breaker', untilMs: lately.at(-RELOADS_PER_HOUR)!.reload!.openedMs + HOUR_MS };
    const now = new Date(nowMs);
    const [month, next] = [0, 1].map((ahead) => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead, 1)) as [
      number,
      number,
    ];
    const counts = (payment: Payment): boolean =>
      isOpen(payment)
        ? payment.reload!.closedMs === null
        : payment.status === 'succeeded' && (payment.settledMs! >= month || payment.createdMs >= month);
    const spent = reloads.filter(counts).reduce((sum, payment) => sum + payment.cents, 0);
    return limitCents !== null && spent + cents > limitCents ? { by: 'monthly_limit', untilMs: next } : null;
  }

  /** One method is tried, or what became of the last try is found out. */
  attempt(payment: Payment, method: number, stripe: StripeAnswer, nowMs: number): void {
    const reload = payment.reload!;
    let tried = reload.tried.find((one) => one.method === method);
    if (!tried) {
      payment.hasIntent = true;
      if (!this.mayAttempt(payment, nowMs)) return;
      tried = { method, outcome: 'unknown', looks: 0 };
      reload.tried.push(tried);
      reload.state = 'charging';
    }
    if (stripe === 'paid') return void this.payments.credit(payment, method, nowMs);
    if (stripe === 'unknown') {
      tried.looks += 1;
      reload.state = 'unknown';
      reload.dueMs = nowMs + Math.min(5_000 * 2 ** (tried.looks - 1), 300_000);
      return;
    }
    tried.outcome = 'declined';
    reload.state = 'charging';
    if (stripe === 'owner') payment.status = 'requires_action';
    if (stripe === 'lost') this.methods[method]!.isUsable = false;
  }

  /** Where a first charge is not needed any more, what was wished is in force without it. */
  private mayAttempt(payment: Payment, nowMs: number): boolean {
    const reload = payment.reload!;
    if (this.isReached((reload.wished ?? this.settings!).thresholdCents)) return true;
    if (reload.wished) this.putInForce(reload.wished, 'on');
    this.close(payment, nowMs);
    return false;
  }

  close(payment: Payment, nowMs: number): void {
    Object.assign(payment.reload!, { state: 'closed', closedMs: nowMs });
    this.purse.isReloading = false;
  }

  strike(payment: Payment, nowMs: number): void {
    const reload = payment.reload!;
    this.strikes += 1;
    this.lastStrikeMs = nowMs;
    this.triedVersion = this.methodsVersion;
    if (this.strikes === 3) {
      this.close(payment, nowMs);
      this.status = 'disabled_after_failures';
      this.version += 1;
      this.setLevels();
      return;
    }
    Object.assign(reload, {
      state: 'waiting',
      attempt: reload.attempt + 1,
      dueMs: nowMs + this.waitAfterStrikeMs,
      tried: [],
    });
  }

  /** Canceled at Stripe, unless it was paid there, or Stripe can't be asked. Returns whether it is decided. */
  cancel(payment: Payment, stripe: StripeAnswer, nowMs: number): boolean {
    if (payment.hasIntent && stripe === 'unknown') {
      payment.cancelTries += 1;
      payment.cancelDueMs = nowMs + cancelDelayMs(payment.cancelTries);
      return false;
    }
    if (payment.hasIntent && stripe === 'paid') this.payments.credit(payment, null, nowMs);
    else payment.status = 'canceled';
    return true;
  }

  /** A charge that succeeds forgives strikes, and a method what it was declined for. */
  paid(payment: Payment, method: number | null, nowMs: number): void {
    this.forgetStrikes();
    if (method !== null) this.methods[method]!.isUsable = true;
    const { reload } = payment;
    if (!reload) return;
    const tried = reload.tried.find((one) => one.method === method);
    if (tried?.outcome === 'unknown') tried.outcome = 'succeeded';
    const wasOpen = reload.closedMs === null;
    if (!wasOpen) return;
    this.close(payment, nowMs);
    if (reload.wished) this.putInForce(reload.wished, 'on');
  }

  /** Money that was taken back is not charged right back (P5): whatever the trigger, and also by no first charge. */
  takenBack(): void {
    const leaves = ({ thresholdCents }: Settings): boolean => this.purse.available <= nanoOf(thresholdCents);
    const reload = this.inFlight?.reload;
    if (reload?.wished && leaves(reload.wished)) reload.wished = null;
    if (this.status === 'on' && leaves(this.settings!)) this.turn('paused');
  }

  /** News that a payment is not paid makes a reload look at once for what became of its charge (A9). */
  lookNow(payment: Payment, nowMs: number): boolean {
    const { reload } = payment;
    if (!isOpen(payment) || reload?.state !== 'unknown' || reload.dueMs <= nowMs) return false;
    reload.dueMs = nowMs;
    this.purse.hasNews = true;
    return true;
  }
}

/** A second, twice as long after each failure, at most five minutes. */
export const cancelDelayMs = (failures: number): number => Math.min(1_000 * 2 ** (failures - 1), 300_000);
