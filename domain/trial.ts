/**
 * A trial (A18): what auto-reload with given settings would have done over real past usage. Pure, and nothing is charged.
 *
 * Usage comes as sums of spans of time, within which money is taken to have been spent evenly; a reload is taken to be
 * paid at once. Payments and corrections that really happened stay, reloads that really happened are left out.
 */
import { firstCharge, triggerLevel, type AutoReloadSettings, type Trigger } from './autoReload';
import { centsToNano, nano, type Nano } from './money';
import { BREAKER_RELOADS_MAX, BREAKER_WINDOW_MS, monthEndMs, type ReloadGuard } from './reloadGuards';

/** What was spent between two times, in epoch milliseconds. */
export type Span = { fromMs: number; toMs: number; spent: Nano };
/** What came in or went out by itself: positive or negative. */
export type Movement = { atMs: number; amount: Nano };

export type TrialInput = {
  /** Null: auto-reload off. */
  settings: AutoReloadSettings | null;
  trigger: Trigger;
  /** At the begin of the first span. */
  balance: Nano;
  /** In order of time, each beginning where the one before it ended. */
  spans: readonly Span[];
  /** In order of time, within the spans. */
  movements: readonly Movement[];
};

export type TrialResult = {
  reloads: { atMs: number; cents: number }[];
  /** Negative where more was spent than there was. */
  lowest: Nano;
  /** Milliseconds in which available was at or below 0. */
  withoutAccessMs: number;
  /** Guards that kept a reload from being made, in order of their first time. */
  blockedBy: ReloadGuard[];
  curve: { atMs: number; balance: Nano }[];
};

export function runTrial({ settings, trigger, balance, spans, movements }: TrialInput): TrialResult {
  const run = new Run(settings, trigger, balance, spans[0]?.fromMs ?? 0);
  run.enable();
  let next = 0;
  for (const { fromMs, toMs, spent } of spans) {
    let left = { fromMs, spent };
    for (; next < movements.length && movements[next]!.atMs < toMs; next += 1) {
      const { atMs, amount } = movements[next]!;
      const cut = Math.max(atMs, left.fromMs);
      const before = share(left.spent, cut - left.fromMs, toMs - left.fromMs);
      run.spend(before, cut);
      run.move(amount);
      left = { fromMs: cut, spent: nano(left.spent - before) };
    }
    run.spend(left.spent, toMs);
  }
  return run.result();
}

/** Of an amount that is spread evenly over `wholeMs`, what falls into the first `partMs`. */
const share = (amount: bigint, partMs: number, wholeMs: number): Nano =>
  nano(wholeMs <= 0 ? amount : (amount * BigInt(Math.round(partMs))) / BigInt(Math.round(wholeMs)));

/** The account as the trial has it, from its begin to the time it has come to. */
class Run {
  private readonly reloads: TrialResult['reloads'] = [];
  private readonly blockedBy = new Set<ReloadGuard>();
  private readonly curve: TrialResult['curve'] = [];
  /** Cents, by the end of the month. */
  private readonly spentByMonth = new Map<number, number>();
  /** Null: none is ever due. */
  private readonly dueLevel: Nano | null;
  private lowest: Nano;
  private withoutAccessMs = 0;

  constructor(
    private readonly settings: AutoReloadSettings | null,
    private readonly trigger: Trigger,
    private balance: Nano,
    private atMs: number,
  ) {
    this.dueLevel = settings && triggerLevel(settings.thresholdCents, trigger);
    this.lowest = balance;
    this.note();
  }

  /** A5: enabling at or below the threshold charges at once, one multiple of the amount. */
  enable(): void {
    if (this.settings === null) return;
    const first = firstCharge(this.balance, this.settings, this.trigger);
    if (first.kind === 'charge' && this.guard(first.cents) === null) this.reload(first.cents);
    this.reloadWhileDue();
  }

  /** Money that comes or goes in one moment. */
  move(amount: Nano): void {
    this.setBalance(nano(this.balance + amount));
    this.reloadWhileDue();
  }

  /** Spends evenly until a time, reloading whenever it is due. */
  spend(amount: Nano, untilMs: number): void {
    let left: bigint = amount;
    this.reloadWhileDue();
    while (this.atMs < untilMs) {
      const span = untilMs - this.atMs;
      const toLevel = this.dueLevel === null ? left + 1n : this.balance - this.dueLevel;
      const retryMs = toLevel <= 0n ? Math.min(this.retryMs(), untilMs) : untilMs;
      const crosses = toLevel > 0n && toLevel <= left;
      const endMs = crosses
        ? Math.min(untilMs, this.atMs + Number((toLevel * BigInt(span) + left - 1n) / left))
        : retryMs;
      const part = crosses ? toLevel : share(left, endMs - this.atMs, span);
      this.advance(part, endMs);
      left -= part;
      this.reloadWhileDue();
    }
    // What rounding has left, or a span without length.
    if (left !== 0n) this.move(nano(-left));
  }

  result(): TrialResult {
    const { reloads, lowest, withoutAccessMs, curve } = this;
    return { reloads, lowest, withoutAccessMs, blockedBy: [...this.blockedBy], curve };
  }

  /** A6: one at a time, each of the amount, until available is above the threshold or a guard stops it. */
  private reloadWhileDue(): void {
    const { settings, dueLevel } = this;
    while (settings !== null && dueLevel !== null && this.balance <= dueLevel) {
      const by = this.guard(settings.amountCents);
      if (by !== null) return void this.blockedBy.add(by);
      this.reload(settings.amountCents);
    }
  }

  private reload(cents: number): void {
    const month = monthEndMs(this.atMs);
    this.spentByMonth.set(month, (this.spentByMonth.get(month) ?? 0) + cents);
    this.reloads.push({ atMs: this.atMs, cents });
    this.setBalance(nano(this.balance + centsToNano(cents)));
  }

  /** A12. */
  private guard(cents: number): ReloadGuard | null {
    const monthlyLimitCents = this.settings?.monthlyLimitCents ?? null;
    const spent = this.spentByMonth.get(monthEndMs(this.atMs)) ?? 0;
    if (monthlyLimitCents !== null && spent + cents > monthlyLimitCents) return 'monthly_limit';
    const oldest = this.reloads.at(-BREAKER_RELOADS_MAX);
    return oldest !== undefined && oldest.atMs > this.atMs - BREAKER_WINDOW_MS ? 'breaker' : null;
  }

  /** When the guard that stops a reload now lets the next one through. */
  private retryMs(): number {
    const by = this.guard(this.settings?.amountCents ?? 0);
    if (by === 'breaker') return this.reloads.at(-BREAKER_RELOADS_MAX)!.atMs + BREAKER_WINDOW_MS;
    return by === 'monthly_limit' ? monthEndMs(this.atMs) : this.atMs + 1;
  }

  private advance(spent: bigint, untilMs: number): void {
    const [before, fromMs] = [this.balance, this.atMs];
    const after = nano(before - spent);
    if (before <= 0n) this.withoutAccessMs += untilMs - fromMs;
    else if (after <= 0n && spent > 0n)
      this.withoutAccessMs += untilMs - fromMs - Number((before * BigInt(untilMs - fromMs)) / spent);
    this.atMs = untilMs;
    this.setBalance(after);
  }

  private setBalance(balance: Nano): void {
    this.balance = balance;
    if (balance < this.lowest) this.lowest = balance;
    this.note();
  }

  private note(): void {
    this.curve.push({ atMs: this.atMs, balance: this.balance });
  }
}

/**
 * A curve with at most `pointsMax` points that looks the same: of each stretch of time its lowest and its highest one,
 * and the first and the last of all.
 */
export function thinCurve(curve: TrialResult['curve'], pointsMax: number): TrialResult['curve'] {
  if (curve.length <= pointsMax) return curve;
  const stretches = Math.max(1, Math.floor((pointsMax - 2) / 2));
  const [first, last] = [curve[0]!, curve.at(-1)!];
  const stretchMs = (last.atMs - first.atMs) / stretches || 1;
  const kept = new Map<number, { low: number; high: number }>();
  curve.forEach(({ atMs, balance }, index) => {
    const stretch = Math.min(stretches - 1, Math.floor((atMs - first.atMs) / stretchMs));
    const found = kept.get(stretch) ?? { low: index, high: index };
    if (balance < curve[found.low]!.balance) found.low = index;
    if (balance > curve[found.high]!.balance) found.high = index;
    kept.set(stretch, found);
  });
  const indexes = new Set([0, ...[...kept.values()].flatMap(({ low, high }) => [low, high]), curve.length - 1]);
  return [...indexes].sort((a, b) => a - b).map((index) => curve[index]!);
}
