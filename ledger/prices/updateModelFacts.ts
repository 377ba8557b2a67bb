/** Changes what a model is, its prices apart. */
import type { Tx } from '../db';
import type { ModelFacts } from './model';

export async function updateModelFacts(tx: Tx, facts: ModelFacts): Promise<void> {
  await tx.query(
    `update models set provider = $2, license = $3, input = $4, output = $5, batch = $6, max_output_tokens = $7, deprecated_at = $8
     where id = $1`,
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
}
