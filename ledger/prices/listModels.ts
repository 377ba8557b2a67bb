/** Lists all models with their prices, in order of id. */
import type { Db } from '../db';
import { SELECT_MODELS, toModel, type StoredModel, type ModelRow } from './model';

export async function listModels(db: Db): Promise<StoredModel[]> {
  const { rows } = await db.query<ModelRow>(`${SELECT_MODELS} order by m.id`);
  return rows.map(toModel);
}
