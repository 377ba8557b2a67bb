/** The models on sale and their versioned prices. */
import type { Price } from '../../domain/pricing';
import { nano, type Nano } from '../../domain/money';
import type { Db, Tx } from '../db';

export type ModelFacts = {
  id: string;
  provider: string;
  license: 'open' | 'commercial';
  input: ('text' | 'image')[];
  output: 'text' | 'image' | 'embedding' | 'audio' | 'ranking';
  batch: boolean;
};
/** `prices` ascend by the time from which they are in force. */
export type Model = ModelFacts & { prices: Price[] };

type PriceRow = {
  starts_ms: number;
  input_per_million_nano: string | null;
  cached_input_per_million_nano: string | null;
  output_per_million_nano: string | null;
  /** Nano-dollars as text, by size. */
  per_image_nano: Record<string, string> | null;
};
type Row = ModelFacts & { prices: PriceRow[] };

// Numbers come as text inside JSON, where a bigint would lose digits.
const select = `
  select m.*, coalesce((
    select json_agg(json_build_object(
      'starts_ms', round(extract(epoch from p.starts_at) * 1000),
      'input_per_million_nano', p.input_per_million_nano::text,
      'cached_input_per_million_nano', p.cached_input_per_million_nano::text,
      'output_per_million_nano', p.output_per_million_nano::text,
      'per_image_nano', p.per_image_nano) order by p.starts_at)
    from model_prices p where p.model_id = m.id), '[]') as prices
  from models m`;

export async function listModels(db: Db): Promise<Model[]> {
  const { rows } = await db.query<Row>(`${select} order by m.id`);
  return rows.map(toModel);
}

/** Those of the ids that exist. */
export async function readModels(db: Db, ids: readonly string[]): Promise<Model[]> {
  const { rows } = await db.query<Row>(`${select} where m.id = any($1)`, [ids]);
  return rows.map(toModel);
}

/** Locks the model until the transaction ends, so that prices change one call at a time; creates it when it is new. */
export async function lockModel(tx: Tx, facts: ModelFacts): Promise<{ model: Model; created: boolean }> {
  const { rowCount } = await tx.query(
    'insert into models (id, provider, license, input, output, batch) values ($1, $2, $3, $4, $5, $6) on conflict do nothing',
    [facts.id, facts.provider, facts.license, facts.input, facts.output, facts.batch],
  );
  await tx.query('select 1 from models where id = $1 for update', [facts.id]);
  const [model] = await readModels(tx, [facts.id]);
  return { model: model!, created: rowCount === 1 };
}

export async function updateModelFacts(tx: Tx, facts: ModelFacts): Promise<void> {
  await tx.query('update models set provider = $2, license = $3, input = $4, output = $5, batch = $6 where id = $1', [
    facts.id,
    facts.provider,
    facts.license,
    facts.input,
    facts.output,
    facts.batch,
  ]);
}

export async function insertPrice(tx: Tx, modelId: string, price: Price): Promise<void> {
  const perImage =
    price.perImage && Object.fromEntries([...price.perImage].map(([size, cost]) => [size, String(cost)]));
  await tx.query(
    `insert into model_prices (model_id, starts_at, input_per_million_nano, cached_input_per_million_nano, output_per_million_nano, per_image_nano)
     values ($1, $2, $3, $4, $5, $6)`,
    [
      modelId,
      new Date(price.fromMs),
      price.inputPerMillion,
      price.cachedInputPerMillion,
      price.outputPerMillion,
      perImage && JSON.stringify(perImage),
    ],
  );
}

export async function deletePrice(tx: Tx, modelId: string, fromMs: number): Promise<void> {
  await tx.query('delete from model_prices where model_id = $1 and starts_at = $2', [modelId, new Date(fromMs)]);
}

function toModel({ prices, ...facts }: Row): Model {
  return { ...facts, prices: prices.map(toPrice) };
}

function toPrice(row: PriceRow): Price {
  return {
    fromMs: Number(row.starts_ms),
    inputPerMillion: toNano(row.input_per_million_nano),
    cachedInputPerMillion: toNano(row.cached_input_per_million_nano),
    outputPerMillion: toNano(row.output_per_million_nano),
    perImage:
      row.per_image_nano && new Map(Object.entries(row.per_image_nano).map(([size, cost]) => [size, toNano(cost)!])),
  };
}

const toNano = (text: string | null): Nano | null => (text === null ? null : nano(BigInt(text)));
