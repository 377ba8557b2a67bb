/** A batch job as a row (L2–L4). */
import type { BatchEndpoint, BatchStatus, FileError } from '../../domain/batch';
import type { BatchPrices } from '../../domain/batchPrice';
import { nano, type Nano } from '../../domain/money';

export type Batch = {
  id: string;
  accountId: string;
  model: string;
  endpoint: BatchEndpoint;
  inputFileId: string;
  requestHash: string;
  metadata: Record<string, string> | null;
  outputExpiresSeconds: number | null;
  status: BatchStatus;
  /** No result is taken any more. */
  closed: boolean;
  /** Results have cost more than was reserved for them: what it holds may not cover all requests that are open. */
  overran: boolean;
  errors: FileError[] | null;
  /** Of its creation. */
  prices: BatchPrices;
  requests: number;
  completed: number;
  failed: number;
  /** Enqueued tokens that are still reserved, and money that is still held; both 0 once it has ended. */
  reservedTokens: number;
  held: Nano;
  usage: { inputTokens: number; cachedInputTokens: number; outputTokens: number };
  charged: Nano;
  outputFileId: string | null;
  errorFileId: string | null;
  createdAt: Date;
  /** When its completion window ends. */
  expiresAt: Date;
  /** When it came to each status it has been in. */
  reached: Partial<Record<Exclude<BatchStatus, 'validating'>, Date>>;
};

export type BatchRow = {
  id: string;
  account_id: string;
  model_id: string;
  endpoint: BatchEndpoint;
  input_file_id: string;
  request_hash: string;
  metadata: Record<string, string> | null;
  output_expires_seconds: number | null;
  status: BatchStatus;
  closed: boolean;
  overran: boolean;
  errors: FileError[] | null;
  input_per_million_nano: bigint;
  cached_input_per_million_nano: bigint;
  output_per_million_nano: bigint;
  requests: number;
  completed: number;
  failed: number;
  reserved_tokens: bigint;
  held_nano: bigint;
  input_tokens: bigint;
  cached_input_tokens: bigint;
  output_tokens: bigint;
  charged_nano: bigint;
  output_file_id: string | null;
  error_file_id: string | null;
  created_at: Date;
  expires_at: Date;
} & Record<`${Exclude<BatchStatus, 'validating'>}_at`, Date | null>;

const REACHED = ['in_progress', 'finalizing', 'completed', 'failed', 'expired', 'cancelling', 'cancelled'] as const;

export function toBatch(row: BatchRow): Batch {
  return {
    id: row.id,
    accountId: row.account_id,
    model: row.model_id,
    endpoint: row.endpoint,
    inputFileId: row.input_file_id,
    requestHash: row.request_hash,
    metadata: row.metadata,
    outputExpiresSeconds: row.output_expires_seconds,
    status: row.status,
    closed: row.closed,
    overran: row.overran,
    errors: row.errors,
    prices: {
      inputPerMillion: nano(row.input_per_million_nano),
      cachedInputPerMillion: nano(row.cached_input_per_million_nano),
      outputPerMillion: nano(row.output_per_million_nano),
    },
    requests: row.requests,
    completed: row.completed,
    failed: row.failed,
    reservedTokens: Number(row.reserved_tokens),
    held: nano(row.held_nano),
    usage: {
      inputTokens: Number(row.input_tokens),
      cachedInputTokens: Number(row.cached_input_tokens),
      outputTokens: Number(row.output_tokens),
    },
    charged: nano(row.charged_nano),
    outputFileId: row.output_file_id,
    errorFileId: row.error_file_id,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    reached: Object.fromEntries(
      REACHED.flatMap((status) => (row[`${status}_at`] ? [[status, row[`${status}_at`]]] : [])),
    ),
  };
}

/** The statuses of jobs that reserve something, as SQL. */
export const OPEN_STATUSES = `('validating', 'in_progress', 'finalizing', 'cancelling')`;

/** Until when a request is with an executor, as the index of requests that are due has it. Compared with a time that stands still. */
export const LEASED_UNTIL = `coalesce(leased_until, '-infinity')`;
