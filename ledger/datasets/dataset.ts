/** An evaluation dataset as a row (L7). */

export type DatasetFormat = 'csv' | 'jsonl';
export type Dataset = { id: string; rows: number; bytes: number; format: DatasetFormat; createdAt: Date };

export type DatasetRow = {
  id: string;
  rows: number;
  bytes: bigint;
  format: DatasetFormat;
  number: bigint;
  created_at: Date;
};

export const toDataset = ({ id, rows, bytes, format, created_at }: DatasetRow): Dataset => ({
  id,
  rows,
  bytes: Number(bytes),
  format,
  createdAt: created_at,
});
