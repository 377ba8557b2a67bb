/** A trial of auto-reload over the account's own past usage (A18): nothing is charged, nothing is kept. */
import { z } from 'zod';
import { notFound } from '../../domain/errors';
import { formatCents, formatMoney } from '../../domain/money';
import { runTrial, thinCurve } from '../../domain/trial';
import { accountExists } from '../../ledger/accounts/accountExists';
import { readFirstLine } from '../../ledger/transactions/readFirstLine';
import { readPast } from '../../ledger/transactions/readPast';
import { ok } from '../http/endpoint';
import { money, moneyIn, ofAccount, time } from '../http/schemas';
import { endpoint } from '../services';
import { toSettings } from './autoReload';

const DAYS_MAX = 90;
const DAY_MS = 86_400_000;
/** Usage is taken as even within a span of this length: each costs a few looks into an index, whatever was used in it. */
const SPAN_MS = 3_600_000;
/** More than any chart shows. */
const CURVE_POINTS_MAX = 500;

export const run = endpoint({
  params: ofAccount,
  body: {
    schema: z
      .strictObject({
        threshold: moneyIn
          .optional()
          .meta({ description: 'Left out with `amount`: what would be without auto-reload.' }),
        amount: moneyIn.optional(),
        monthlyLimit: moneyIn.nullish(),
        days: z.number().int().min(1).max(DAYS_MAX).default(30),
      })
      .refine(({ threshold, amount }) => (threshold === undefined) === (amount === undefined), {
        path: ['amount'],
        message: 'must be given with threshold, or both left out',
      }),
  },
  replies: {
    200: z
      .strictObject({
        from: time,
        to: time,
        reloads: z.array(z.strictObject({ at: time, amount: money })),
        charged: money,
        lowestBalance: money,
        minutesWithoutAccess: z.number().int().meta({ description: 'A begun minute counts; 0 means never.' }),
        blockedBy: z.array(z.enum(['monthly_limit', 'breaker'])),
        curve: z.array(z.strictObject({ at: time, balance: money })),
      })
      .meta({ id: 'AutoReloadTrial' }),
  },
  uses: ['pool', 'policy', 'clock', 'bounds'],
  refusals: ['out_of_range', 'fraction_of_a_cent'],
  async handle({ params: { id }, body }, { pool, policy, clock, bounds }) {
    const { threshold, amount, monthlyLimit } = body;
    const settings =
      threshold === undefined || amount === undefined ? null : toSettings({ threshold, amount, monthlyLimit }, bounds);
    if (!(await accountExists(pool, id))) throw notFound(`account ${id}`);
    // Before the first purchase auto-reload can't be enabled (A1).
    const firstMs = (await readFirstLine(pool, id))?.getTime() ?? clock.now();
    const times = edges(Math.max(clock.now() - body.days * DAY_MS, firstMs + 1), clock.now());
    const past = await readPast(pool, id, times);
    const { reloads, lowest, withoutAccessMs, blockedBy, curve } = runTrial({
      settings,
      trigger: policy.trigger,
      ...past,
    });
    return ok({
      from: toTime(times[0]!),
      to: toTime(times.at(-1)!),
      reloads: reloads.map(({ atMs, cents }) => ({ at: toTime(atMs), amount: formatCents(cents) })),
      charged: formatCents(reloads.reduce((sum, { cents }) => sum + cents, 0)),
      lowestBalance: formatMoney(lowest),
      minutesWithoutAccess: Math.ceil(withoutAccessMs / 60_000),
      blockedBy,
      curve: thinCurve(curve, CURVE_POINTS_MAX).map(({ atMs, balance }) => ({
        at: toTime(atMs),
        balance: formatMoney(balance),
      })),
    });
  },
});

const toTime = (ms: number): string => new Date(ms).toISOString();

/** From one time to another, and each whole hour between. */
function edges(fromMs: number, toMs: number): number[] {
  const times = [Math.min(fromMs, toMs - 1)];
  for (let ms = (Math.floor(times[0]! / SPAN_MS) + 1) * SPAN_MS; ms < toMs; ms += SPAN_MS) times.push(ms);
  return [...times, toMs];
}
