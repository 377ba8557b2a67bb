/** An account's limits, and what it uses of them now (L6). */
import { z } from 'zod';
import { notFound } from '../../domain/errors';
import { effectiveLimit, LIMIT_KEYS, LIMITS, type LimitKey } from '../../domain/limits';
import { countClaims } from '../../ledger/batches/countClaims';
import { readAccount } from '../../ledger/accounts/readAccount';
import { transaction } from '../../ledger/db';
import { countDedicatedEndpoints } from '../../ledger/dedicated/countDedicatedEndpoints';
import { listRaises } from '../../ledger/limits/listRaises';
import { readEnqueuedTokens } from '../../ledger/limits/readEnqueuedTokens';
import { readMinuteUse } from '../../ledger/limits/readMinuteUse';
import { ok } from '../http/endpoint';
import { ofAccount } from '../http/schemas';
import { endpoint } from '../services';
import { limitKey, limitUnit } from './limitRequestView';

const limit = z
  .strictObject({
    key: limitKey,
    limit: z.number().int(),
    used: z.number().int().nullable().meta({ description: 'Null for what is limited by the file or the request.' }),
    unit: limitUnit,
    raisableTo: z
      .number()
      .int()
      .nullable()
      .meta({ description: 'The most that may be asked for; null: the same for every account.' }),
    model: z.string().optional().meta({ description: 'Without it, the limit of every model that is not listed.' }),
    tier: z.string(),
  })
  .meta({ id: 'Limit' });

/** The keys of a use that adds up. The others limit each file, job or dataset by itself. */
type Used = Partial<Record<LimitKey, number>>;

export const list = endpoint({
  uses: ['pool'],
  params: ofAccount,
  replies: { 200: z.strictObject({ data: z.array(limit), nextCursor: z.null() }) },
  handle: ({ params: { id } }, { pool }) =>
    transaction(pool, async (tx) => {
      const account = await readAccount(tx, id);
      if (!account) throw notFound(`account ${id}`);
      const { tier } = account;
      const raises = await listRaises(tx, id);
      const enqueued = await readEnqueuedTokens(tx, id);
      const minute = await readMinuteUse(tx, id);
      const used: Used = {
        'batch.enqueued_tokens': 0,
        'batch.requests_per_minute': await countClaims(tx, id),
        'realtime.requests_per_minute': minute.requests,
        'realtime.tokens_per_minute': minute.tokens,
        'dedicated.endpoints': await countDedicatedEndpoints(tx, id),
      };

      const raisedFor = (key: LimitKey, model: string): number | null =>
        (
          raises.find((raise) => raise.key === key && raise.model === model) ??
          raises.find((raise) => raise.key === key && raise.model === '')
        )?.limit ?? null;
      const row = (key: LimitKey, model = '', use = used[key] ?? null): z.input<typeof limit> => ({
        key,
        limit: effectiveLimit(key, tier, raisedFor(key, model)),
        used: use,
        unit: LIMITS[key].unit,
        raisableTo: LIMITS[key].raisedTo,
        ...(model !== '' && { model }),
        tier,
      });

      // A model is in use when it has open jobs or a limit of its own.
      const tokens = new Map(enqueued.map((one) => [one.model, one.tokens]));
      for (const { key, model } of raises)
        if (LIMITS[key].perModel && model !== '' && !tokens.has(model)) tokens.set(model, 0);
      const ofModels = [...tokens].map(([model, use]) => row('batch.enqueued_tokens', model, use));
      return ok({ data: [...ofModels, ...LIMIT_KEYS.map((key) => row(key))], nextCursor: null });
    }),
});
