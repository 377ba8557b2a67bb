/** Puts a model with all its prices in force as one change: what has begun stays, what comes is told in time (B4). */
import { isDeepStrictEqual } from 'node:util';
import { PRICE_LEAD_MS, type Price } from '../../domain/pricing';
import type { Tx } from '../db';
import { deletePrice } from './deletePrice';
import { insertPrice } from './insertPrice';
import { lockModel } from './lockModel';
import type { Model, ModelFacts, StoredModel } from './model';
import { updateModelFacts } from './updateModelFacts';

export type ModelPut =
  | { kind: 'created' | 'changed' | 'same'; model: StoredModel }
  /** `fromMs`: the price that would be changed. */
  | { kind: 'price_in_force'; fromMs: number }
  | { kind: 'price_too_soon'; fromMs: number };

/**
 * The same again changes nothing, also simultaneously. A model without prices may get its first from any time on. Once
 * it is priced, only what lies at least a minute ahead can be added, changed or taken away.
 * @param now asked under the lock: waiting for it takes nothing from that minute
 */
export async function putModel(tx: Tx, wished: Model, now: () => number): Promise<ModelPut> {
  const { prices, ...facts } = wished;
  const { model: existing, created } = await lockModel(tx, facts);
  const nowMs = now();
  const dropped = existing.prices.filter((price) => !has(prices, price));
  const added = prices.filter((price) => !has(existing.prices, price));
  if (existing.prices.length > 0) {
    const begun = dropped.find((price) => price.fromMs <= nowMs);
    if (begun) return { kind: 'price_in_force', fromMs: begun.fromMs };
    const soon = [...dropped, ...added].find((price) => price.fromMs < nowMs + PRICE_LEAD_MS);
    if (soon) return { kind: 'price_too_soon', fromMs: soon.fromMs };
  }
  for (const price of dropped) await deletePrice(tx, wished.id, price.fromMs);
  for (const price of added) await insertPrice(tx, wished.id, price);
  const otherFacts = !isDeepStrictEqual(factsOf(existing), factsOf(wished));
  if (otherFacts) await updateModelFacts(tx, facts);
  const kind = created ? 'created' : otherFacts || dropped.length + added.length > 0 ? 'changed' : 'same';
  return { kind, model: { ...wished, createdAt: existing.createdAt } };
}

const has = (prices: readonly Price[], price: Price): boolean =>
  prices.some((other) => isDeepStrictEqual(other, price));

/** Without the prices, and with the inputs in one order. */
const factsOf = ({ id, provider, license, input, output, batch, maxOutputTokens, deprecatedAt }: ModelFacts) => ({
  id,
  provider,
  license,
  input: [...input].sort(),
  output,
  batch,
  maxOutputTokens,
  deprecatedAt,
});
