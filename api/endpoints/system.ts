/** The state of the whole, for admins (C2): what is reached, what runs, what lags, what waits. */
import { z } from 'zod';
import { QUEUE_NAMES, readSystem } from '../../ledger/system/readSystem';
import { ok } from '../http/endpoint';
import { time } from '../http/schemas';
import { checkReadiness, DEPENDENCIES } from '../readiness';
import { endpoint } from '../services';

const queue = z.strictObject({
  waiting: z.number().int().meta({ description: '10,000 stands for that many and more.' }),
  oldestSeconds: z.number().int().nullable().meta({ description: 'Null where none waits, or nobody counts how long.' }),
});

export const read = endpoint({
  replies: {
    200: z
      .strictObject({
        readiness: z.strictObject({
          status: z.enum(['ready', 'not_ready']),
          missing: z.array(z.enum(DEPENDENCIES)),
        }),
        versions: z.strictObject({ node: z.string(), postgres: z.string(), schema: z.string() }),
        upSeconds: z.number().int(),
        lags: z.strictObject({
          gateFeedMs: z
            .number()
            .int()
            .nullable()
            .meta({ description: 'Since this process held its gates against the database; null: never yet.' }),
          clockSkewMs: z.number().int().nullable(),
          reconciledAt: time.nullable(),
        }),
        queues: z.strictObject(Object.fromEntries(QUEUE_NAMES.map((name) => [name, queue]))),
        temporal: z.strictObject({
          namespace: z.string(),
          uiUrl: z
            .string()
            .nullable()
            .meta({ description: 'A workflow is at `/namespaces/<namespace>/workflows/<id>` there.' }),
        }),
      })
      .meta({ id: 'System' }),
  },
  uses: ['pool', 'temporal', 'provider', 'files', 'clock', 'gates', 'temporalUi'],
  async handle(_call, services) {
    const { pool, clock, gates, temporalUi } = services;
    const [missing, state] = await Promise.all([checkReadiness(services), readSystem(pool)]);
    const feedMs = clock.now() - gates.asOf().ms;
    return ok({
      readiness: { status: missing.length === 0 ? 'ready' : 'not_ready', missing },
      versions: { node: process.versions.node, postgres: state.postgres, schema: state.schema },
      upSeconds: Math.floor(process.uptime()),
      lags: {
        gateFeedMs: Number.isFinite(feedMs) ? Math.max(0, Math.round(feedMs)) : null,
        clockSkewMs: clock.skewMs(),
        reconciledAt: state.reconciledAt?.toISOString() ?? null,
      },
      queues: state.queues,
      temporal: temporalUi,
    });
  },
});
