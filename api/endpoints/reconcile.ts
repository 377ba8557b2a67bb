/** Reconciliation on demand, as a report for programs or for people (P6). */
import { WorkflowFailedError } from '@temporalio/client';
import { z } from 'zod';
import { unavailable } from '../../domain/errors';
import { UNEXPLAINED_KINDS, type ReconcileReport } from '../../domain/reconciliation';
import { recordAudit } from '../../ledger/audit/recordAudit';
import { readRestore } from '../../ledger/backup/readRestore';
import type { Db } from '../../ledger/db';
import { startReconcile } from '../../workflows/startReconcile';
import { accepted, ok } from '../http/endpoint';
import { toReportText, type Restored } from './reconcileText';
import { time } from '../http/schemas';
import { endpoint, type Uses } from '../services';
import { readReconciled } from '../signals/readReconciled';
import { isTemporalOutage, reaching } from '../signals/temporal';
import { withDeadline } from '../signals/withDeadline';

const START_MS_MAX = 5_000;
const REPORT_MS_MAX = 25_000;
const READ_MS_MAX = 10_000;

const sum = z.string().regex(/^-?\d+\.\d{2,9}$/);
const count = z.number().int();
const report = z
  .strictObject({
    startedAt: time,
    finishedAt: time,
    scanned: z.strictObject({ mode: z.enum(['events', 'all']), since: time.nullable() }),
    looked: z.strictObject({ events: count, payments: count }),
    repaired: z.strictObject({
      credited: count,
      takenBack: count,
      noted: count,
      newest: z.array(
        z.strictObject({
          kind: z.enum(['credited', 'taken_back', 'noted']),
          accountId: z.string().nullable(),
          about: z.string(),
        }),
      ),
    }),
    unexplained: z.strictObject({
      count,
      newest: z.array(
        z.strictObject({
          kind: z.enum(UNEXPLAINED_KINDS),
          accountId: z.string().nullable(),
          paymentIntentId: z.string(),
          detail: z.string(),
          firstSeenAt: time,
        }),
      ),
    }),
    ledger: z
      .strictObject({
        violations: z.array(z.strictObject({ invariant: z.string(), accountId: z.string(), detail: z.string() })),
        sums: z.strictObject({ credited: sum, takenBack: sum, used: sum, adjusted: sum, balances: sum }),
      })
      .nullable(),
    restored: z
      .strictObject({ backupAt: time, restoredAt: time })
      .nullable()
      .describe(
        'The database was put back to a backup within the last 30 days: usage that was reported between the two is missing unless it was sent again.',
      ),
  })
  .meta({ id: 'ReconcileReport' });

const lastReport = report.nullable();
/** The reports that were written last, until Temporal forgets them. */
export const read = endpoint({
  replies: {
    200: z.strictObject({
      asked: lastReport.meta({ description: 'Of the last run that somebody asked for. It checks the whole ledger.' }),
      scheduled: lastReport.meta({ description: 'Of the last run on the schedule.' }),
    }),
  },
  uses: ['pool', 'temporal'],
  refusals: ['temporal_unavailable'],
  async handle(_call, { pool, temporal }) {
    const [{ asked, scheduled }, restored] = await Promise.all([
      reaching(temporal, READ_MS_MAX, () => readReconciled(temporal)),
      findRestored(pool),
    ]);
    return ok({ asked: asked && { ...asked, restored }, scheduled: scheduled && { ...scheduled, restored } });
  },
});

export const reconcile = endpoint({
  replies: { 200: report, 202: z.strictObject({ status: z.literal('running') }) },
  uses: ['pool', 'temporal'],
  refusals: ['temporal_unavailable', 'payments_unavailable'],
  texts: { 200: ['text/plain'] },
  async handle({ header, principal }, services) {
    await recordAudit(services.pool, null, principal.actor, 'reconcile.ask', {});
    const done = await run(services);
    if (!done) return accepted({ status: 'running' });
    const restored = await findRestored(services.pool);
    return header('accept')?.startsWith('text/plain')
      ? ok(toReportText(done, restored), { 'Content-Type': 'text/plain; charset=utf-8' })
      : ok({ ...done, restored });
  },
});

async function findRestored(pool: Db): Promise<Restored | null> {
  const found = await readRestore(pool);
  return found && { backupAt: found.backupAt.toISOString(), restoredAt: found.restoredAt.toISOString() };
}

/** Null while it goes on: asked again, it is joined. */
async function run({ temporal }: Uses<'temporal'>): Promise<ReconcileReport | null> {
  const handle = await reaching(temporal, START_MS_MAX, () => startReconcile(temporal));
  try {
    return await withDeadline(temporal, REPORT_MS_MAX, () => handle.result());
  } catch (error) {
    if (isTemporalOutage(error)) return null;
    if (error instanceof WorkflowFailedError)
      throw unavailable(
        'payments_unavailable',
        'The payment provider or the database did not answer for too long; what was repaired stays.',
      );
    throw error;
  }
}
