/** A batch job (L2–L4): its statuses with what may follow each, and the limits that hold for every account. */

/** What may follow each status. A job only moves forward along these. */
const FOLLOWING = {
  validating: ['in_progress', 'finalizing', 'failed', 'cancelling'],
  in_progress: ['finalizing', 'cancelling'],
  /** Its files are being written: of a job that is done, or whose time is over. */
  finalizing: ['completed', 'expired'],
  cancelling: ['cancelled'],
  completed: [],
  failed: [],
  expired: [],
  cancelled: [],
} as const satisfies Record<string, readonly string[]>;

export type BatchStatus = keyof typeof FOLLOWING;
export const BATCH_STATUSES = Object.keys(FOLLOWING) as BatchStatus[];

/** Whether a job in one status may go to the other. */
export const mayFollow = (from: BatchStatus, to: BatchStatus): boolean =>
  (FOLLOWING[from] as readonly BatchStatus[]).includes(to);

/** Nothing follows: its reservation is gone and its files are final. */
export const isEnded = (status: BatchStatus): boolean => FOLLOWING[status].length === 0;

/** The endpoints whose requests a batch may have. */
export const BATCH_ENDPOINTS = ['/v1/chat/completions', '/v1/responses', '/v1/messages'] as const;
export type BatchEndpoint = (typeof BATCH_ENDPOINTS)[number];
export const isBatchEndpoint = (url: unknown): url is BatchEndpoint =>
  (BATCH_ENDPOINTS as readonly unknown[]).includes(url);

/** L2: 200 MB, in bytes. A file of exactly so many passes. */
export const FILE_BYTES_MAX = 200_000_000;
/** L2: a file of exactly so many requests passes. */
export const REQUESTS_MAX = 50_000;
/** Blank lines count here: a file of nothing but line breaks would take minutes to walk through. */
export const LINES_MAX = 2 * REQUESTS_MAX;
/** Keeps memory flat: no request of text is near it. */
export const LINE_BYTES_MAX = 16 * 1024 * 1024;
/** So many of a file's errors are answered; the others are the same again, or come up after these are mended. */
export const FILE_ERRORS_MAX = 100;
/** L4. */
export const COMPLETION_WINDOW_MS = 24 * 3_600_000;
/** Results of a job that is being cancelled are billed for so long, then it ends. */
export const CANCELLING_MS_MAX = 10 * 60_000;
export const CUSTOM_ID_LENGTH_MAX = 256;

/** Why a file, or a line of it, is refused. */
export type FileErrorCode =
  | 'invalid_json_line'
  | 'duplicate_custom_id'
  | 'url_mismatch'
  | 'model_not_found'
  | 'model_mismatch'
  | 'model_not_supported'
  | 'empty_file'
  | 'too_many_tasks'
  | 'file_too_large'
  | 'invalid_request';

/** `line` counts from 1; null for what is wrong with the file as a whole. `param`: the field, as a path. */
export type FileError = { code: FileErrorCode; message: string; param: string | null; line: number | null };
