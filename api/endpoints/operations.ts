/** For those who run Ballast: is it alive, is it ready, what mail was sent. */
import { z } from 'zod';
import { listMailbox } from '../../ledger/notices/listMailbox';
import { ok } from '../http/endpoint';
import { checkReadiness, DEPENDENCIES, isReady } from '../readiness';
import { time } from '../http/schemas';
import { endpoint } from '../services';

export const healthz = endpoint({
  replies: { 200: z.strictObject({ status: z.literal('ok') }) },
  handle: () => ok({ status: 'ok' }),
});

/** Of this process alone: each is asked by itself (docs/metrics.md). */
export const metrics = endpoint({
  replies: { 200: null },
  texts: { 200: ['text/plain'] },
  uses: ['metrics'],
  handle: async (_call, { metrics: { text, contentType } }) => ok(await text(), { 'Content-Type': contentType }),
});

const readiness = z.strictObject({
  status: z.enum(['ready', 'not_ready']),
  missing: z.array(z.enum(DEPENDENCIES)).meta({
    description: '`storage`: the folder of files. A process that hands files on to another one is ready without it.',
  }),
  clock: z.strictObject({
    /** By how much the database's clock is ahead of this process's; null until it was measured. */
    skewMs: z.number().int().nullable(),
    warning: z.string().optional(),
  }),
});

export const readyz = endpoint({
  replies: { 200: readiness, 503: readiness },
  uses: ['pool', 'temporal', 'provider', 'files', 'servesFiles', 'clock'],
  async handle(_call, services) {
    const missing = await checkReadiness(services);
    const clock = viewClock(services.clock.skewMs());
    return isReady(missing, services)
      ? ok({ status: 'ready', missing, clock })
      : { status: 503, body: { status: 'not_ready', missing, clock }, headers: { 'Retry-After': '1' } };
  },
});

/** More than this, and somebody should set a clock: usage is right all the same. */
const SKEW_MS_MAX = 5_000;

function viewClock(skewMs: number | null): z.input<typeof readiness>['clock'] {
  if (skewMs === null || Math.abs(skewMs) <= SKEW_MS_MAX) return { skewMs };
  const seconds = Math.round(Math.abs(skewMs) / 1_000);
  return {
    skewMs,
    warning: `the clock of this process is ${seconds} s ${skewMs > 0 ? 'behind' : 'ahead of'} the database's`,
  };
}

export const mailbox = endpoint({
  replies: {
    200: z.strictObject({
      data: z.array(
        z.strictObject({ kind: z.string(), to: z.string(), subject: z.string(), text: z.string(), at: time }),
      ),
    }),
  },
  uses: ['pool'],
  handle: async (_call, { pool }) =>
    ok({ data: (await listMailbox(pool)).map((mail) => ({ ...mail, at: mail.at.toISOString() })) }),
});
