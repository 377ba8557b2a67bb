/** The models on sale and their prices. */
import { z } from 'zod';
import { Problem } from '../../domain/errors';
import { formatMoney, parseMoney } from '../../domain/money';
import type { Price, TokenPrices } from '../../domain/pricing';
import { recordAudit } from '../../ledger/audit/recordAudit';
import { transaction } from '../../ledger/db';
import { listModels } from '../../ledger/prices/listModels';
import type { Model, StoredModel } from '../../ledger/prices/model';
import { putModel } from '../../ledger/prices/putModel';
import { ok } from '../http/endpoint';
import { id, price, text, time } from '../http/schemas';
import { endpoint } from '../services';

const PRICES_MAX = 1_000;
const size = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 ._:x-]{0,63}$/, 'must be a size such as 1024x1024');

const prices = z
  .array(
    z.strictObject({
      from: time,
      inputPerMillion: price.optional(),
      cachedInputPerMillion: price.optional(),
      outputPerMillion: price.optional(),
      perImage: z.record(size, price).optional(),
      batch: z
        .strictObject({ inputPerMillion: price, cachedInputPerMillion: price.optional(), outputPerMillion: price })
        .optional(),
    }),
  )
  .max(PRICES_MAX);

const facts = z
  .strictObject({
    id,
    provider: text(100),
    license: z.enum(['open', 'commercial']),
    input: z
      .array(z.enum(['text', 'image']))
      .min(1)
      .max(2),
    output: z.enum(['text', 'image', 'embedding', 'audio', 'ranking']),
    batch: z.boolean(),
    maxOutputTokens: z.number().int().min(1).max(100_000_000).optional(),
    deprecatedAt: time.optional(),
    prices,
  })
  .meta({ id: 'ModelFacts' });
/** What OpenAI's clients read of a model. */
const openAi = { object: z.literal('model'), created: z.number().int(), owned_by: z.string() };
const model = facts.extend(openAi).meta({ id: 'Model' });
/** A model may be put as it was read: what follows from the rest is not looked at. */
const wish = model.partial({ id: true, object: true, created: true, owned_by: true });

export const list = endpoint({
  replies: { 200: z.strictObject({ object: z.literal('list'), data: z.array(model) }) },
  uses: ['pool'],
  handle: async (_call, { pool }) => ok({ object: 'list', data: (await listModels(pool)).map(view) }),
});

export const put = endpoint({
  params: z.strictObject({ id }),
  body: { schema: wish, bytesMax: 512 * 1024 },
  replies: { 200: model, 201: model },
  uses: ['pool', 'prices', 'clock'],
  refusals: ['price_in_force', 'price_too_soon'],
  async handle({ params, body, principal }, { pool, prices: book, clock }) {
    if (body.id !== undefined && body.id !== params.id) throw invalid('id', 'must be the id of the address');
    const { object: _object, created: _created, owned_by: _owner, ...given } = body;
    const wished: Model = {
      ...given,
      id: params.id,
      input: [...new Set(body.input)],
      maxOutputTokens: body.maxOutputTokens ?? null,
      deprecatedAt: body.deprecatedAt === undefined ? null : new Date(body.deprecatedAt),
      prices: toPrices(body.prices),
    };
    const outcome = await transaction(pool, async (tx) => {
      const done = await putModel(tx, wished, clock.now);
      if (done.kind === 'price_in_force')
        throw new Problem('price_in_force', `The price from ${iso(done.fromMs)} has begun; it stays as it is.`);
      if (done.kind === 'price_too_soon')
        throw new Problem(
          'price_too_soon',
          `The price from ${iso(done.fromMs)} begins too soon to be added, changed or taken away.`,
        );
      if (done.kind !== 'same') await recordAudit(tx, null, principal.actor, 'model.put', body);
      return done;
    });
    book.put(outcome.model);
    return { status: outcome.kind === 'created' ? 201 : 200, body: view(outcome.model) };
  },
});

/** In order of time; two from the same moment are refused. */
function toPrices(given: z.output<typeof prices>): Price[] {
  const sorted = given.map(toPrice).sort((a, b) => a.fromMs - b.fromMs);
  if (sorted.some(({ fromMs }, index) => fromMs === sorted[index + 1]?.fromMs))
    throw invalid('prices', 'two prices begin at the same time');
  return sorted;
}

function toPrice({ from, perImage, batch, ...perMillion }: z.output<typeof prices>[number]): Price {
  return {
    fromMs: Date.parse(from),
    ...toTokenPrices(perMillion),
    perImage: perImage ? new Map(Object.entries(perImage).map(([name, cost]) => [name, parseMoney(cost)])) : null,
    batch: batch ? toTokenPrices(batch) : null,
  };
}

type TokenPricesIn = Partial<Record<keyof TokenPrices, string | undefined>>;
const toTokenPrices = (given: TokenPricesIn): TokenPrices => ({
  inputPerMillion: nanoOrNull(given.inputPerMillion),
  cachedInputPerMillion: nanoOrNull(given.cachedInputPerMillion),
  outputPerMillion: nanoOrNull(given.outputPerMillion),
});

function view({
  prices: given,
  maxOutputTokens,
  deprecatedAt,
  createdAt,
  ...facts
}: StoredModel): z.input<typeof model> {
  return {
    ...facts,
    object: 'model',
    created: Math.floor(createdAt.getTime() / 1_000),
    owned_by: facts.provider,
    ...(maxOutputTokens !== null && { maxOutputTokens }),
    ...(deprecatedAt !== null && { deprecatedAt: deprecatedAt.toISOString() }),
    prices: given.map(({ fromMs, perImage, batch, ...perMillion }) => ({
      from: iso(fromMs),
      ...viewTokenPrices(perMillion),
      ...(perImage && {
        perImage: Object.fromEntries([...perImage].map(([name, cost]) => [name, formatMoney(cost)])),
      }),
      ...(batch && { batch: viewTokenPrices(batch) as { inputPerMillion: string; outputPerMillion: string } }),
    })),
  };
}

/** Without the prices that it does not have. */
const viewTokenPrices = ({ inputPerMillion, cachedInputPerMillion, outputPerMillion }: TokenPrices) => ({
  ...(inputPerMillion !== null && { inputPerMillion: formatMoney(inputPerMillion) }),
  ...(cachedInputPerMillion !== null && { cachedInputPerMillion: formatMoney(cachedInputPerMillion) }),
  ...(outputPerMillion !== null && { outputPerMillion: formatMoney(outputPerMillion) }),
});

const nanoOrNull = (amount: string | undefined) => (amount === undefined ? null : parseMoney(amount));
const iso = (ms: number): string => new Date(ms).toISOString();
const invalid = (path: string, message: string) =>
  new Problem('invalid_request', `${path}: ${message}`, { errors: [{ path, message }] });
