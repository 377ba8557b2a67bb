/** A file of the Files API as a row; what it says lies in the file store under its id (L2). */
import type { BatchEndpoint } from '../../domain/batch';

export type FilePurpose = 'batch' | 'batch_output';

export type StoredFile = {
  id: string;
  accountId: string;
  purpose: FilePurpose;
  filename: string;
  bytes: number;
  /** What the check of an input has found; null for outputs. */
  input: { model: string; endpoint: BatchEndpoint; requests: number } | null;
  /** Null until they are counted. */
  tokens: { input: number; output: number } | null;
  createdAt: Date;
  expiresAt: Date | null;
};

export type FileRow = {
  id: string;
  account_id: string;
  purpose: FilePurpose;
  filename: string;
  bytes: bigint;
  model_id: string | null;
  endpoint: BatchEndpoint | null;
  requests: number | null;
  input_tokens: bigint | null;
  output_tokens: bigint | null;
  created_at: Date;
  expires_at: Date | null;
};

export const toFile = (row: FileRow): StoredFile => ({
  id: row.id,
  accountId: row.account_id,
  purpose: row.purpose,
  filename: row.filename,
  bytes: Number(row.bytes),
  input: row.model_id === null ? null : { model: row.model_id, endpoint: row.endpoint!, requests: row.requests! },
  tokens: row.input_tokens === null ? null : { input: Number(row.input_tokens), output: Number(row.output_tokens) },
  createdAt: row.created_at,
  expiresAt: row.expires_at,
});

/** Of a file that people still see: not deleted, and its time is not over. */
export const IS_THERE = 'removed_at is null and coalesce(expires_at > clock_timestamp(), true)';

/** Of one that was reserved and not kept: nobody has seen it, and no batch names it. A file that is kept has a byte at least. */
export const NEVER_KEPT = 'bytes = 0';
