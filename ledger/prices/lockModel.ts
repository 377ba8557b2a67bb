/** Locks a model, so that its prices change one call at a time. */
import type { Tx } from '../db';
import type { ModelFacts, StoredModel } from './model';
import { readModels } from './readModels';

/** Locks the model until the transaction ends, so that prices change one call at a time; creates it when it is new. */
export async function lockModel(tx: Tx, facts: ModelFacts): Promise<{ model: StoredModel; created: boolean }> {
  const { rowCount } = await tx.query(
    `insert into models (id, provider, license, input, output, batch, max_output_tokens, deprecated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
    [
      facts.id,
      facts.provider,
      facts.license,
      facts.input,
      facts.output,
      facts.batch,
      facts.maxOutputTokens,
      facts.deprecatedAt,
    ],
  );
  await tx.query('select 1 from models where id = $1 for update', [facts.id]);
  const [model] = await readModels(tx, [facts.id]);
  return { model: model!, created: rowCount === 1 };
}
