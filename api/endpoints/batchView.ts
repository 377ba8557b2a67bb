/** A batch as OpenAI's Batches API shows it: times in Unix seconds, null for what is absent. */
import { z } from 'zod';
import { BATCH_ENDPOINTS, BATCH_STATUSES } from '../../domain/batch';
import type { Batch } from '../../ledger/batches/batch';

const seconds = z.number().int().nullable();
const error = z.strictObject({
  code: z.string(),
  message: z.string(),
  param: z.string().nullable(),
  line: z.number().int().nullable(),
});

export const batch = z
  .strictObject({
    id: z.string(),
    object: z.literal('batch'),
    endpoint: z.enum(BATCH_ENDPOINTS),
    model: z.string(),
    errors: z.strictObject({ object: z.literal('list'), data: z.array(error) }).nullable(),
    input_file_id: z.string(),
    completion_window: z.literal('24h'),
    status: z.enum(BATCH_STATUSES),
    output_file_id: z.string().nullable(),
    error_file_id: z.string().nullable(),
    created_at: z.number().int(),
    in_progress_at: seconds,
    expires_at: seconds,
    finalizing_at: seconds,
    completed_at: seconds,
    failed_at: seconds,
    expired_at: seconds,
    cancelling_at: seconds,
    cancelled_at: seconds,
    request_counts: z.strictObject({ total: z.number().int(), completed: z.number().int(), failed: z.number().int() }),
    usage: z.strictObject({
      input_tokens: z.number().int(),
      input_tokens_details: z.strictObject({ cached_tokens: z.number().int() }),
      output_tokens: z.number().int(),
      output_tokens_details: z.strictObject({ reasoning_tokens: z.number().int() }),
      total_tokens: z.number().int(),
    }),
    metadata: z.record(z.string(), z.string()).nullable(),
  })
  .meta({ id: 'Batch' });

export function toBatchView(job: Batch): z.input<typeof batch> {
  const { usage, reached } = job;
  const at = (time: Date | undefined): number | null => (time ? Math.floor(time.getTime() / 1_000) : null);
  return {
    id: job.id,
    object: 'batch',
    endpoint: job.endpoint,
    model: job.model,
    errors: job.errors && { object: 'list', data: job.errors },
    input_file_id: job.inputFileId,
    completion_window: '24h',
    status: job.status,
    output_file_id: job.outputFileId,
    error_file_id: job.errorFileId,
    created_at: at(job.createdAt)!,
    in_progress_at: at(reached.in_progress),
    expires_at: at(job.expiresAt),
    finalizing_at: at(reached.finalizing),
    completed_at: at(reached.completed),
    failed_at: at(reached.failed),
    expired_at: at(reached.expired),
    cancelling_at: at(reached.cancelling),
    cancelled_at: at(reached.cancelled),
    request_counts: { total: job.requests, completed: job.completed, failed: job.failed },
    usage: {
      input_tokens: usage.inputTokens,
      input_tokens_details: { cached_tokens: usage.cachedInputTokens },
      output_tokens: usage.outputTokens,
      // Part of the output; what it was thought over is not told apart.
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: usage.inputTokens + usage.outputTokens,
    },
    metadata: job.metadata,
  };
}
