/** What a batch request has used, from the usage of its endpoint's answer (L4). */
import type { BatchEndpoint } from './batch';
import { COUNT_MAX } from './usageEvent';

export type BatchUsage = {
  inputTokens: number;
  /** A part of `inputTokens`. */
  cachedInputTokens: number;
  outputTokens: number;
};

/** The id of a request's usage event (B3). */
export const batchEventId = (batchId: string, line: number): string => `${batchId}/${line}`;
/** Ids that only requests of batches have. */
const BATCH_EVENT_ID = /^batch_[A-Za-z0-9]+\/\d/;
export const isBatchEventId = (id: string): boolean => BATCH_EVENT_ID.test(id);

/** Null when it is none: missing, or with counts that are no whole numbers from 0. */
export function readUsage(endpoint: BatchEndpoint, usage: unknown): BatchUsage | null {
  if (!isObject(usage)) return null;
  const read = READERS[endpoint](usage);
  const counts = [read.inputTokens, read.cachedInputTokens, read.outputTokens];
  const fits = counts.every((count) => Number.isInteger(count) && count >= 0 && count <= COUNT_MAX);
  return fits && read.cachedInputTokens <= read.inputTokens ? read : null;
}

const READERS: Record<BatchEndpoint, (usage: Record<string, unknown>) => BatchUsage> = {
  '/v1/chat/completions': ({ prompt_tokens: input, completion_tokens: output, prompt_tokens_details: details }) => ({
    inputTokens: count(input),
    cachedInputTokens: isObject(details) ? count(details.cached_tokens ?? 0) : 0,
    outputTokens: count(output),
  }),
  '/v1/responses': ({ input_tokens: input, output_tokens: output, input_tokens_details: details }) => ({
    inputTokens: count(input),
    cachedInputTokens: isObject(details) ? count(details.cached_tokens ?? 0) : 0,
    outputTokens: count(output),
  }),
  // Anthropic counts what was read from the cache, or written to it, beside the input.
  '/v1/messages': ({
    input_tokens: input,
    output_tokens: output,
    cache_read_input_tokens: read,
    cache_creation_input_tokens: written,
  }) => ({
    inputTokens: count(input) + count(read ?? 0) + count(written ?? 0),
    cachedInputTokens: count(read ?? 0),
    outputTokens: count(output),
  }),
};

/** NaN for what is no number. */
const count = (value: unknown): number => (typeof value === 'number' ? value : NaN);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
