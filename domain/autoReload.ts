/** Auto-reload's settings: what may be set, and what a first charge would be (A2, A3, A5). */
import { centsToNano, formatCents, type Nano } from './money';

export type AutoReloadStatus = 'off' | 'on' | 'paused' | 'disabled_after_failures';
/** A3: at or below the threshold, or strictly below it: a deployment's choice. */
export type Trigger = 'at_or_below' | 'below';

/** Whole cents (A2). */
export type AutoReloadSettings = { thresholdCents: number; amountCents: number; monthlyLimitCents: number | null };

/** What a deployment offers for one of the settings, in whole cents: choices, and an inclusive range for own values. */
export type Bounds = { presets: readonly number[]; range: readonly [number, number] };
export type SettingsBounds = { threshold: Bounds; amount: Bounds };
export const DEFAULT_BOUNDS: SettingsBounds = {
  threshold: { presets: [500, 1_000, 2_500], range: [500, 1_000_000] },
  amount: { presets: [500, 2_500, 10_000], range: [500, 250_000] },
};
/** What Stripe can charge at all: the widest range that a deployment can offer. */
export const CHARGEABLE_CENTS = [50, 99_999_999] as const;
export const PREPAYMENT_RANGE_CENTS = [500, 1_000_000] as const;
export const FIRST_CHARGE_CENTS_MAX = 1_250_000;
/** Without auto-reload the gate says `low` at or below this, unless the deployment says otherwise (S4). */
export const LOW_LEVEL_CENTS = 500;
/** In nano-dollars. A snapshot of an older release does not say it. */
export const lowLevelOf = ({ lowLevelCents = LOW_LEVEL_CENTS }: { lowLevelCents?: number }): Nano =>
  centsToNano(lowLevelCents);
/** The text that owners agree to when they enable or change auto-reload (A14). */
export const TERMS_VERSION = '2026-11-01';

/** Whether a reload is due at this available amount (A3). */
export const reached = (available: Nano, thresholdCents: number, trigger: Trigger): boolean =>
  trigger === 'at_or_below' ? available <= centsToNano(thresholdCents) : available < centsToNano(thresholdCents);

/** The highest available amount at which a reload is due: the level whose crossing wakes the workflow. */
export const triggerLevel = (thresholdCents: number, trigger: Trigger): Nano =>
  (centsToNano(thresholdCents) - (trigger === 'below' ? 1n : 0n)) as Nano;

/** Where the gate says `low`, and whose crossing wakes the workflow (S4, A3). @param thresholdCents null where auto-reload is not on */
export function levelsOf(
  thresholdCents: number | null,
  policy: { trigger: Trigger; lowLevelCents?: number },
): { low: Nano; trigger: Nano } {
  if (thresholdCents === null) return { low: lowLevelOf(policy), trigger: lowLevelOf(policy) };
  return { low: centsToNano(thresholdCents), trigger: triggerLevel(thresholdCents, policy.trigger) };
}

/** The smallest whole multiple of the amount that brings available above the level, which it has not passed. */
export const centsToPass = (available: Nano, level: Nano, amountCents: number): number =>
  Number((level - available) / centsToNano(amountCents) + 1n) * amountCents;

export type FirstCharge =
  { kind: 'none' } | { kind: 'charge'; cents: number } | { kind: 'amount_too_small'; neededCents: number };

/**
 * A5: enabling at or below the threshold charges the smallest whole multiple of the amount that brings
 * available above the threshold; over $12,500 the amount is too small for this balance.
 */
export function firstCharge(available: Nano, settings: AutoReloadSettings, trigger: Trigger): FirstCharge {
  if (!reached(available, settings.thresholdCents, trigger)) return { kind: 'none' };
  const cents = centsToPass(available, centsToNano(settings.thresholdCents), settings.amountCents);
  return cents > FIRST_CHARGE_CENTS_MAX ? { kind: 'amount_too_small', neededCents: cents } : { kind: 'charge', cents };
}

export type SettingsProblem = { path: 'threshold' | 'amount' | 'monthlyLimit'; message: string };

/** Every setting that is no whole number of cents or out of its range, with the range. Empty when all fit. */
export function checkSettings(
  settings: AutoReloadSettings,
  ranges: { threshold: Pick<Bounds, 'range'>; amount: Pick<Bounds, 'range'> },
): SettingsProblem[] {
  const problems: SettingsProblem[] = [];
  const within = (path: 'threshold' | 'amount', cents: number, [min, max]: readonly [number, number]) => {
    if (!Number.isInteger(cents) || cents < min || cents > max)
      problems.push({ path, message: `must be from ${formatCents(min)} to ${formatCents(max)}` });
  };
  within('threshold', settings.thresholdCents, ranges.threshold.range);
  within('amount', settings.amountCents, ranges.amount.range);
  const { monthlyLimitCents: limit } = settings;
  if (limit !== null && !(Number.isSafeInteger(limit) && limit >= settings.amountCents)) {
    problems.push({ path: 'monthlyLimit', message: 'must be at least the reload amount' });
  }
  return problems;
}
