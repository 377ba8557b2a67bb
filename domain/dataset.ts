/** Evaluation datasets (L7): fewer than 1,000 rows and less than 1 GB, whatever the tier. */

/** A dataset of exactly so many rows passes; of a CSV file the header is none. */
export const DATASET_ROWS_MAX = 999;
/** A dataset of exactly so many bytes passes. */
export const DATASET_BYTES_MAX = 999_999_999;

/** What is wrong with a dataset; `line` counts from 1. */
export type DatasetFault = { code: 'too_many_rows' | 'invalid_dataset'; because: string; line: number | null };
