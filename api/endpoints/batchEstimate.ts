/** What a batch would reserve, and whether it would fit (L3): an answer that takes nothing. */
import { z } from 'zod';
import { BATCH_ENDPOINTS } from '../../domain/batch';
import { estimateFile } from '../../domain/batchPrice';
import { formatMoney, subtract, type Nano } from '../../domain/money';
import { readAccount } from '../../ledger/accounts/readAccount';
import { sumReservedTokens } from '../../ledger/batches/sumReservedTokens';
import { readLimit } from '../../ledger/limits/readLimit';
import { ok } from '../http/endpoint';
import { endpoint } from '../services';
import { accountOf, FOR_ACCOUNT } from './batchAccount';
import { inputFileId, OF_INPUT, readInput } from './batchInput';

export const estimate = endpoint({
  uses: ['pool', 'clock'],
  body: { schema: z.object({ input_file_id: inputFileId }) },
  headers: FOR_ACCOUNT,
  refusals: OF_INPUT,
  refusalStatus: { model_not_supported: 400 },
  replies: {
    200: z.strictObject({
      model: z.string(),
      endpoint: z.enum(BATCH_ENDPOINTS),
      requests: z.number().int(),
      tokens: z.number().int(),
      cost: z.string(),
      fits: z.boolean(),
      because: z.string().nullable(),
    }),
  },
  async handle(call, services) {
    const { pool } = services;
    const accountId = await accountOf(call, services);
    const { file, prices } = await readInput(accountId, call.body.input_file_id, services);
    const { model, endpoint: url, requests } = file.input;
    const tokens = file.tokens.input + file.tokens.output;
    const cost = estimateFile(prices, { inputTokens: file.tokens.input, outputTokens: file.tokens.output }, requests);
    const limit = await readLimit(pool, accountId, 'batch.enqueued_tokens', model);
    const { available, setReasons } = (await readAccount(pool, accountId))!.position;
    const because = whyNot({
      tokens,
      cost,
      limit,
      inUse: await sumReservedTokens(pool, accountId, model),
      available,
      isSuspended: setReasons.length > 0,
    });
    return ok({ model, endpoint: url, requests, tokens, cost: formatMoney(cost), fits: because === null, because });
  },
});

type Fit = { tokens: number; cost: Nano; limit: number; inUse: number; available: Nano; isSuspended: boolean };

/** In the order in which creating the batch would refuse it. */
function whyNot({ tokens, cost, limit, inUse, available, isSuspended }: Fit): string | null {
  if (inUse + tokens > limit) return `${inUse} of ${limit} enqueued tokens are in use`;
  if (isSuspended) return 'the account is suspended';
  if (subtract(available, cost) <= 0n) return `$${formatMoney(available)} is available`;
  return null;
}
