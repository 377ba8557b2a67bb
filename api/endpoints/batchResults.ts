/** How an inference service answers a batch's requests: each result is looked at by itself (L4). */
import { z } from 'zod';
import { isStorable } from '../../domain/batchRequest';
import { readUsage, type BatchUsage } from '../../domain/batchUsage';
import { priceBatchUsage } from '../../domain/batchPrice';
import { zero } from '../../domain/money';
import { isTooDeep } from '../../domain/strictJson';
import type { Batch } from '../../ledger/batches/batch';
import { findUnanswered } from '../../ledger/batches/findUnanswered';
import { recordResults, type NewResult } from '../../ledger/batches/recordResults';
import { transaction } from '../../ledger/db';
import { keepRejectedUsage, type RejectedEvent } from '../../ledger/usage/keepRejectedUsage';
import { ok } from '../http/endpoint';
import { endpoint, type Uses } from '../services';
import { signalPosition } from '../signals/signalPosition';
import { findExecuted, ofExecuted } from './executedBatch';

const RESULTS_BYTES_MAX = 16 * 1024 * 1024;
const RESULTS_MAX = 5_000;

/** What becomes of one result that can't be taken. */
type Rejection = {
  customId: string;
  code: 'unknown_request' | 'usage_missing' | 'invalid_result' | 'job_ended';
  /** With `usage_missing`: what is beyond any price; null: the answer has none. */
  usage?: BatchUsage | null;
};

const result = z.object({
  custom_id: z.string().min(1).max(256).refine(isStorable),
  response: z
    .object({
      status_code: z.number().int().min(100).max(599),
      request_id: z.string().max(200).nullish(),
      body: z.unknown().optional(),
    })
    .nullish(),
  error: z.object({ code: z.string().max(200).nullish(), message: z.string().max(10_000).nullish() }).nullish(),
  usage: z.unknown().optional(),
});

export const results = endpoint({
  uses: ['pool', 'gates', 'signals', 'clock'],
  params: ofExecuted,
  body: {
    // Each result is looked at by itself: one that can't be taken must not take the others down.
    schema: z.strictObject({ results: z.array(z.unknown()).min(1).max(RESULTS_MAX) }),
    bytesMax: RESULTS_BYTES_MAX,
  },
  refusals: ['not_found'],
  replies: {
    200: z.strictObject({
      accepted: z.number().int(),
      duplicates: z.number().int(),
      rejected: z.array(z.strictObject({ custom_id: z.string(), code: z.string() })),
    }),
  },
  async handle({ params, body }, services) {
    const job = await findExecuted(params.batchId, services);
    const read = body.results.map((one) => toResult(job, one));
    const results = read.filter((one) => 'outcome' in one);
    const rejected = read.filter((one) => 'code' in one);
    const { refused, ...counts } = await take(job, results, services);
    await keepUnpriced(job, rejected, services);
    const all = [...rejected, ...refused];
    return ok({ ...counts, rejected: all.map(({ customId, code }) => ({ custom_id: customId, code })) });
  },
});

type Taken = { accepted: number; duplicates: number; refused: Rejection[] };

async function take(
  job: Batch,
  results: readonly NewResult[],
  services: Uses<'pool' | 'gates' | 'signals' | 'clock'>,
): Promise<Taken> {
  if (results.length === 0) return { accepted: 0, duplicates: 0, refused: [] };
  const recorded = await transaction(services.pool, (tx) =>
    recordResults(tx, { batchId: job.id, results, nowMs: services.clock.now() }),
  );
  const { duplicates } = recorded;
  if (recorded.kind === 'job_ended') {
    await keepLate(job, recorded.late, services);
    return { accepted: 0, duplicates, refused: recorded.late.map(({ customId }) => reject(customId, 'job_ended')) };
  }
  if (recorded.position) signalPosition(recorded.position, services);
  const { unknown } = recorded;
  return {
    accepted: results.length - duplicates - unknown.length,
    duplicates,
    refused: unknown.map((customId) => reject(customId, 'unknown_request')),
  };
}

const NOTHING_USED = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };
/** It costs nothing. */
export const toFailed = (customId: string, response: string | null, error: string | null): NewResult => ({
  customId,
  outcome: 'failed',
  response,
  error,
  usage: NOTHING_USED,
  cost: zero,
});

/** An answer of 2xx is billed by its usage; everything else costs nothing. */
function toResult(job: Batch, raw: unknown): NewResult | Rejection {
  // It is written down as JSON, by a writer that calls itself for each level.
  if (isTooDeep(raw)) return reject(shownId(raw), 'invalid_result');
  const parsed = result.safeParse(raw);
  if (!parsed.success) return reject(shownId(raw), 'invalid_result');
  const { custom_id: customId, response, error } = parsed.data;
  if (!response) {
    if (!error) return reject(customId, 'invalid_result');
    const told = {
      code: error.code ?? 'execution_failed',
      message: error.message ?? 'The request could not be executed.',
    };
    return toFailed(customId, null, toStored(told));
  }
  const { status_code: status, request_id: requestId, body } = response;
  const stored = toStored({ status_code: status, request_id: requestId ?? '', body: body ?? null });
  if (status < 200 || status > 299) return toFailed(customId, stored, null);
  const usage = readUsage(job.endpoint, parsed.data.usage ?? (body as { usage?: unknown } | null)?.usage);
  const cost = usage && priceBatchUsage(job.prices, usage);
  if (!usage || cost === null) return { customId, code: 'usage_missing', usage };
  return { customId, outcome: 'completed', response: stored, error: null, usage, cost };
}

/** JSON that Postgres keeps as text: it has no NUL and no halves of characters, which JSON escapes. */
const toStored = (value: unknown): string => JSON.stringify(value);

const shownId = (raw: unknown): string => {
  const id = (raw as { custom_id?: unknown } | null)?.custom_id;
  return typeof id === 'string' ? id.slice(0, 256) : '';
};
const reject = (customId: string, code: Rejection['code']): Rejection => ({ customId, code });

/** Results that come after the end may be money: the admins see them (B4). */
const keepLate = (job: Batch, late: readonly NewResult[], { pool }: Uses<'pool'>): Promise<void> =>
  keepRejectedUsage(
    pool,
    late
      .filter(({ outcome }) => outcome === 'completed')
      .map((one) => toRejected(job, one, 'job_ended', 'the batch takes no more results')),
  );

/** So may answers that can't be billed, one for each request that has no result: who has one was billed, or has failed. */
async function keepUnpriced(job: Batch, rejected: readonly Rejection[], { pool }: Uses<'pool'>): Promise<void> {
  const unpriced = rejected.filter(({ code }) => code === 'usage_missing');
  if (unpriced.length === 0) return;
  const answers = new Map(unpriced.map(({ customId, usage = null }) => [customId, { customId, usage }]));
  const unanswered = await findUnanswered(pool, job.id, [...answers.keys()]);
  await keepRejectedUsage(
    pool,
    unanswered.map((customId) => {
      const answer = answers.get(customId)!;
      const message = answer.usage ? 'the usage is beyond any price' : 'the answer has no usage';
      return toRejected(job, answer, 'usage_missing', message);
    }),
  );
}

const toRejected = (
  { id, accountId, model }: Batch,
  { customId, usage }: { customId: string; usage: BatchUsage | null },
  code: RejectedEvent['code'],
  message: string,
): RejectedEvent => ({
  accountId,
  eventId: `${id}/${customId}`.slice(0, 128),
  code,
  message,
  event: JSON.stringify({ batch: id, custom_id: customId, model, ...usage }),
});
