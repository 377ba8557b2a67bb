/** Inserts a price version of a model. */
import type { Price } from '../../domain/pricing';
import type { Tx } from '../db';

export async function insertPrice(tx: Tx, modelId: string, price: Price): Promise<void> {
  const perImage =
    price.perImage && Object.fromEntries([...price.perImage].map(([size, cost]) => [size, String(cost)]));
  await tx.query(
    `insert into model_prices (model_id, starts_at, input_per_million_nano, cached_input_per_million_nano, output_per_million_nano, per_image_nano,
       batch_input_per_million_nano, batch_cached_input_per_million_nano, batch_output_per_million_nano)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      modelId,
      new Date(price.fromMs),
      price.inputPerMillion,
      price.cachedInputPerMillion,
      price.outputPerMillion,
      perImage && JSON.stringify(perImage),
      price.batch?.inputPerMillion ?? null,
      price.batch?.cachedInputPerMillion ?? null,
      price.batch?.outputPerMillion ?? null,
    ],
  );
}
