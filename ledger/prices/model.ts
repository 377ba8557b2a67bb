/** A model on sale with its versioned prices, as it is known to the program and as it is stored. */
import { nano, type Nano } from '../../domain/money';
import type { Price } from '../../domain/pricing';

export type ModelFacts = {
  id: string;
  provider: string;
  license: 'open' | 'commercial';
  input: ('text' | 'image')[];
  output: 'text' | 'image' | 'embedding' | 'audio' | 'ranking';
  batch: boolean;
  /** The largest output one answer may have; null where it is not said. */
  maxOutputTokens: number | null;
  /** From then on it is not offered any more; null: it is. */
  deprecatedAt: Date | null;
};
/** `prices` ascend by the time from which they are in force. */
export type Model = ModelFacts & { prices: Price[] };
/** With what only the database knows of it. */
export type StoredModel = Model & { createdAt: Date };

type PriceRow = {
  starts_ms: number;
  input_per_million_nano: string | null;
  cached_input_per_million_nano: string | null;
  output_per_million_nano: string | null;
  batch_input_per_million_nano: string | null;
  batch_cached_input_per_million_nano: string | null;
  batch_output_per_million_nano: string | null;
  /** Nano-dollars as text, by size. */
  per_image_nano: Record<string, string> | null;
};
export type ModelRow = Omit<ModelFacts, 'maxOutputTokens' | 'deprecatedAt'> & {
  max_output_tokens: number | null;
  deprecated_at: Date | null;
  created_at: Date;
  prices: PriceRow[];
};

// Numbers come as text inside JSON, where a bigint would lose digits.
export const SELECT_MODELS = `
  select m.*, coalesce((
    select json_agg(json_build_object(
      'starts_ms', round(extract(epoch from p.starts_at) * 1000),
      'input_per_million_nano', p.input_per_million_nano::text,
      'cached_input_per_million_nano', p.cached_input_per_million_nano::text,
      'output_per_million_nano', p.output_per_million_nano::text,
      'batch_input_per_million_nano', p.batch_input_per_million_nano::text,
      'batch_cached_input_per_million_nano', p.batch_cached_input_per_million_nano::text,
      'batch_output_per_million_nano', p.batch_output_per_million_nano::text,
      'per_image_nano', p.per_image_nano) order by p.starts_at)
    from model_prices p where p.model_id = m.id), '[]') as prices
  from models m`;

export function toModel({ prices, max_output_tokens, deprecated_at, created_at, ...facts }: ModelRow): StoredModel {
  return {
    ...facts,
    maxOutputTokens: max_output_tokens,
    deprecatedAt: deprecated_at,
    createdAt: created_at,
    prices: prices.map(toPrice),
  };
}

function toPrice(row: PriceRow): Price {
  return {
    fromMs: Number(row.starts_ms),
    inputPerMillion: toNano(row.input_per_million_nano),
    cachedInputPerMillion: toNano(row.cached_input_per_million_nano),
    outputPerMillion: toNano(row.output_per_million_nano),
    perImage:
      row.per_image_nano && new Map(Object.entries(row.per_image_nano).map(([size, cost]) => [size, toNano(cost)!])),
    batch:
      row.batch_input_per_million_nano === null
        ? null
        : {
            inputPerMillion: toNano(row.batch_input_per_million_nano),
            cachedInputPerMillion: toNano(row.batch_cached_input_per_million_nano),
            outputPerMillion: toNano(row.batch_output_per_million_nano),
          },
  };
}

const toNano = (text: string | null): Nano | null => (text === null ? null : nano(BigInt(text)));
