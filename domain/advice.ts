/** What threshold and amount to recommend, from what was really spent (A16). */
import type { AutoReloadSettings, Bounds, SettingsBounds } from './autoReload';
import { centsToNano, max, nano, type Nano } from './money';

/** What an account's usage has cost lately. */
export type Spending = {
  /** Of today (UTC) and of the seven days before. */
  spent: Nano;
  /** Milliseconds since those days began; for a younger account, since the day of its first usage did. */
  overMs: number;
  /** The most that one of those days cost. */
  dearestDay: Nano;
  /** Of the last `lastHourMs` milliseconds: an hour, or less if there was too much usage to look through. */
  lastHour: Nano;
  lastHourMs: number;
};

export type Advice = {
  thresholdCents: number;
  amountCents: number;
  /** The average of the last week's days. */
  dailySpend: Nano;
  /** A day at the current rate: the last hour's, if more was spent in it than in an average one. */
  currentDaily: Nano;
  /** Until available is used up at the current rate; null when nothing is spent. */
  minutesLeft: number | null;
};

const DAY_MS = 86_400_000n;
/** Below $5 a day use is low, below $20 medium. */
const LOW_BELOW = centsToNano(500);
const MEDIUM_BELOW = centsToNano(2_000);
/** High use: the threshold lasts this long, so that a reload with its two retries (1 and 5 minutes) and a margin fits in. */
const HIGH_THRESHOLD_MS = 30n * 60_000n;
const STEP_CENTS = 500;

/** How settings would work out at this rate of spend. */
export type Outlook = {
  /** To two decimals; 0 when nothing is spent. */
  reloadsPerDay: number;
  /** Until available has come down to the threshold; null when nothing is spent. */
  minutesUntilReload: number | null;
};

export function outlook(
  { dailySpend, currentDaily }: Pick<Advice, 'dailySpend' | 'currentDaily'>,
  available: Nano,
  { thresholdCents, amountCents }: Pick<AutoReloadSettings, 'thresholdCents' | 'amountCents'>,
): Outlook {
  const left = available - centsToNano(thresholdCents);
  return {
    reloadsPerDay: Number((dailySpend * 100n) / centsToNano(amountCents)) / 100,
    minutesUntilReload: minutesOf(nano(left), currentDaily),
  };
}

/**
 * What is within the deployment's ranges only. The average is over whole days: an account's first busy hour says little
 * about its day, so on its first day that is what it has spent, and never more. The threshold looks to the dearest day, as
 * a batch must not run the balance dry. Only the time left follows the last hour: it is there to warn.
 */
export function advise(spending: Spending, available: Nano, bounds: SettingsBounds): Advice {
  const { spent, overMs, dearestDay, lastHour, lastHourMs } = spending;
  const dailySpend = perDay(spent, Math.max(overMs, Number(DAY_MS)));
  const currentDaily = max(dailySpend, perDay(lastHour, lastHourMs));
  return {
    thresholdCents: within(thresholdFor(max(dailySpend, dearestDay)), bounds.threshold.range),
    // Two and a half days: the middle of two to three.
    amountCents: within(roundedUp(nano((dailySpend * 5n) / 2n)), bounds.amount.range),
    dailySpend,
    currentDaily,
    minutesLeft: minutesOf(available, currentDaily),
  };
}

/** @param overMs over 0 */
const perDay = (spent: Nano, overMs: number): Nano => nano((spent * DAY_MS) / BigInt(overMs));

const minutesOf = (left: Nano, daily: Nano): number | null =>
  daily === 0n ? null : Number(((left > 0n ? left : 0n) * 1_440n) / daily);

function thresholdFor(dailySpend: Nano): number {
  if (dailySpend < LOW_BELOW) return 1_000;
  if (dailySpend < MEDIUM_BELOW) return 2_000;
  return Math.max(4_000, roundedUp(nano((dailySpend * HIGH_THRESHOLD_MS) / DAY_MS)));
}

/** To the next whole $5. */
function roundedUp(amount: Nano): number {
  const step = centsToNano(STEP_CENTS);
  return Number((amount + step - 1n) / step) * STEP_CENTS;
}

const within = (cents: number, [min, max]: Bounds['range']): number => Math.min(Math.max(cents, min), max);
