/** Reads models by their ids. */
import type { Db } from '../db';
import { SELECT_MODELS, toModel, type StoredModel, type ModelRow } from './model';

/** Those of the ids that exist. */
export async function readModels(db: Db, ids: readonly string[]): Promise<StoredModel[]> {
  const { rows } = await db.query<ModelRow>(`${SELECT_MODELS} where m.id = any($1)`, [ids]);
  return rows.map(toModel);
}
