/** What threshold and amount to recommend, from how fast money is spent (A16). */
import type { AutoReloadSettings, Bounds, SettingsBounds } from './autoReload';
import { centsToNano, nano, type Nano } from './money';

export type Advice = {
  thresholdCents: number;
  amountCents: number;
  dailySpend: Nano;
  /** Until available is used up at this rate; null when nothing is spent. */
  minutesLeft: number | null;
};

const DAY_MS = 86_400_000n;
/** Usage a day below which it is called low and medium. */
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
  dailySpend: Nano,
  available: Nano,
  { thresholdCents, amountCents }: Pick<AutoReloadSettings, 'thresholdCents' | 'amountCents'>,
): Outlook {
  const left = available - centsToNano(thresholdCents);
  return {
    reloadsPerDay: Number((dailySpend * 100n) / centsToNano(amountCents)) / 100,
    minutesUntilReload: dailySpend === 0n ? null : Number(((left > 0n ? left : 0n) * 1_440n) / dailySpend),
  };
}

/**
 * What is within the deployment's ranges only.
 * @param spent in the last `overMs` milliseconds (over 0)
 */
export function advise(spent: Nano, overMs: number, available: Nano, bounds: SettingsBounds): Advice {
  const dailySpend = nano((spent * DAY_MS) / BigInt(overMs));
  return {
    thresholdCents: within(thresholdFor(dailySpend), bounds.threshold.range),
    // Two and a half days: the middle of two to three.
    amountCents: within(roundedUp(nano((dailySpend * 5n) / 2n)), bounds.amount.range),
    dailySpend,
    minutesLeft: dailySpend === 0n ? null : Number(((available > 0n ? available : 0n) * 1_440n) / dailySpend),
  };
}

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
