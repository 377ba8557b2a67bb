/** Makes an upload a dataset of its account: its content is in the store, whole and checked. */
import type { Tx } from '../db';
import { ReservationOver } from '../files/reservationOver';
import { toDataset, type Dataset, type DatasetRow } from './dataset';

/** @throws {ReservationOver} when it is not reserved any more */
export async function keepDataset(
  tx: Tx,
  { id, rows: rowsOf, bytes }: { id: string; rows: number; bytes: number },
): Promise<Dataset> {
  const { rows } = await tx.query<DatasetRow>(
    `update evaluation_datasets set removed_at = null, rows = $2, bytes = $3
     where id = $1 and removed_at > clock_timestamp() returning *`,
    [id, rowsOf, bytes],
  );
  if (!rows[0]) throw new ReservationOver(id);
  return toDataset(rows[0]);
}
