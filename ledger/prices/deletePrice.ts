/** Deletes a price version that has not begun. */
import type { Tx } from '../db';

export async function deletePrice(tx: Tx, modelId: string, fromMs: number): Promise<void> {
  await tx.query('delete from model_prices where model_id = $1 and starts_at = $2', [modelId, new Date(fromMs)]);
}
