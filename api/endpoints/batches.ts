/** Batch jobs as OpenAI's Batches API has them: created, watched, listed, cancelled (L2–L4). */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { newId } from '../../batches/newId';
import { BATCH_ENDPOINTS, COMPLETION_WINDOW_MS } from '../../domain/batch';
import { estimateFile } from '../../domain/batchPrice';
import { notFound, Problem } from '../../domain/errors';
import { formatMoney } from '../../domain/money';
import { recordAudit } from '../../ledger/audit/recordAudit';
import type { Batch } from '../../ledger/batches/batch';
import { cancelBatch } from '../../ledger/batches/cancelBatch';
import { createBatch, type CreatedBatch } from '../../ledger/batches/createBatch';
import { findCreated, type BatchCall } from '../../ledger/batches/findCreated';
import { listBatches } from '../../ledger/batches/listBatches';
import { readBatch } from '../../ledger/batches/readBatch';
import { transaction } from '../../ledger/db';
import { readLimit } from '../../ledger/limits/readLimit';
import { requireOpenAccount } from '../../ledger/accounts/requireOpenAccount';
import { ok, type Call } from '../http/endpoint';
import { endpoint, type Uses } from '../services';
import { signalPosition } from '../signals/signalPosition';
import { accountOf, FOR_ACCOUNT, OF_ACCOUNT } from './batchAccount';
import { inputFileId, invalidInput, OF_INPUT, readInput } from './batchInput';
import { batch, toBatchView } from './batchView';
import { toList } from './files';

const METADATA_MAX = 16;

const batchId = z.string().regex(/^batch_[A-Za-z0-9]{1,80}$/, 'must be the id of a batch');
const ofBatch = z.strictObject({ batchId });

const wish = z.object({
  input_file_id: inputFileId,
  endpoint: z.enum(BATCH_ENDPOINTS),
  completion_window: z.literal('24h'),
  metadata: z
    .record(z.string().min(1).max(64), z.string().max(512))
    .refine((pairs) => Object.keys(pairs).length <= METADATA_MAX, `must have at most ${METADATA_MAX} pairs`)
    .nullish(),
  output_expires_after: z
    .object({ anchor: z.literal('created_at'), seconds: z.number().int().min(3_600).max(2_592_000) })
    .nullish(),
});

type CreateCall = Call<unknown, unknown, z.output<typeof wish>>;

export const create = endpoint({
  uses: ['pool', 'gates', 'signals', 'clock'],
  body: { schema: wish },
  idempotent: 'optional',
  headers: { ...FOR_ACCOUNT, 'X-Stainless-Retry-Count': "Set by OpenAI's clients." },
  refusals: [
    ...OF_INPUT,
    'url_mismatch',
    'token_limit_exceeded',
    'account_closed',
    'account_suspended',
    'insufficient_funds',
  ],
  refusalStatus: { model_not_supported: 400, account_suspended: 402 },
  replies: { 200: batch },
  async handle(call, services) {
    const arrivedMs = services.clock.now();
    const accountId = await accountOf(call, services);
    const asked = toBatchCall(accountId, call, arrivedMs);
    // Before the input: a repeat is answered with its job, whatever has become of the file and its model since.
    const created = (await findCreated(services.pool, asked)) ?? (await createAsked(asked, call, services));
    if (created.kind === 'created') signalPosition(created.position, services);
    return ok(toBatchView(createdOrRefused(created)));
  },
});

function toBatchCall(accountId: string, { body, header, idempotencyKey }: CreateCall, arrivedMs: number): BatchCall {
  const { input_file_id: fileId, endpoint: url, metadata, output_expires_after: expires } = body;
  // A call without a key of its own is known by who has made it; one with a key is the same whoever repeats it, by
  // whatever key of the API or session.
  const caller = idempotencyKey === '' ? header('authorization') : null;
  const content = JSON.stringify([caller, fileId, url, metadata ?? null, expires?.seconds ?? null]);
  return {
    accountId,
    idempotencyKey: idempotencyKey || null,
    requestHash: createHash('sha256').update(content).digest('hex'),
    retries: Number(/^\d{1,3}$/.exec(header('x-stainless-retry-count') ?? '')?.[0] ?? 0),
    arrivedMs,
  };
}

async function createAsked(
  asked: BatchCall,
  { body, principal }: CreateCall,
  services: Uses<'pool' | 'clock'>,
): Promise<CreatedBatch> {
  const { accountId } = asked;
  const { input_file_id: fileId, metadata, output_expires_after: expires } = body;
  const { file, prices } = await readInput(accountId, fileId, services);
  const { input, tokens } = file;
  if (input.endpoint !== body.endpoint)
    throw invalidInput('endpoint', `must be that of the file's requests, ${input.endpoint}`, 'url_mismatch');
  return transaction(services.pool, async (tx) => {
    const created = await createBatch(tx, {
      ...asked,
      id: newId('batch_'),
      model: input.model,
      endpoint: input.endpoint,
      inputFileId: fileId,
      actor: principal.actor,
      metadata: metadata ?? null,
      outputExpiresSeconds: expires?.seconds ?? null,
      prices,
      requests: input.requests,
      tokens: tokens.input + tokens.output,
      held: estimateFile(prices, { inputTokens: tokens.input, outputTokens: tokens.output }, input.requests),
      tokensMax: await readLimit(tx, accountId, 'batch.enqueued_tokens', input.model),
      completionWindowMs: COMPLETION_WINDOW_MS,
    });
    await requireOpenAccount(tx, accountId);
    if (created.kind === 'created') {
      const { id, requests, held } = created.batch;
      await recordAudit(tx, accountId, principal.actor, 'batch.create', {
        batch: id,
        input: fileId,
        requests,
        held: formatMoney(held),
      });
    }
    return created;
  });
}

/** OpenAI's clients would try a 429 twice more: neither quota nor money come back so soon. */
const NO_RETRY = { 'x-should-retry': 'false' };

function createdOrRefused(done: CreatedBatch): Batch {
  switch (done.kind) {
    case 'created':
    case 'repeated':
      return done.batch;
    case 'key_reused':
      throw new Problem('idempotency_key_reused', 'This Idempotency-Key stands for another batch of the account.');
    case 'file_gone':
      throw invalidInput('input_file_id', 'must be a file that is there');
    case 'token_limit_exceeded': {
      const { limit, inUse, requested } = done;
      throw new Problem(
        'token_limit_exceeded',
        `The batch has ${requested} tokens, but ${inUse} of the ${limit} that may be enqueued for this model are in use.`,
        { headers: NO_RETRY, members: { limit, in_use: inUse, requested } },
      );
    }
    case 'account_suspended':
      throw new Problem('account_suspended', 'The account is suspended.', { status: 402, headers: NO_RETRY });
    case 'insufficient_funds': {
      const [needed, available] = [done.needed, done.available].map(formatMoney);
      throw new Problem(
        'insufficient_funds',
        `The batch may cost $${needed}, and something must stay available; $${available} is.`,
        { headers: NO_RETRY, members: { needed, available } },
      );
    }
  }
}

export const read = endpoint({
  uses: ['pool'],
  params: ofBatch,
  headers: FOR_ACCOUNT,
  refusals: OF_ACCOUNT,
  replies: { 200: batch },
  handle: async (call, services) => ok(toBatchView(await find(call, services))),
});

export const list = endpoint({
  uses: ['pool'],
  headers: FOR_ACCOUNT,
  refusals: OF_ACCOUNT,
  query: z.strictObject({ after: batchId.optional(), limit: z.coerce.number().int().min(1).max(100).default(20) }),
  replies: {
    200: z.strictObject({
      object: z.literal('list'),
      data: z.array(batch),
      first_id: z.string().nullable(),
      last_id: z.string().nullable(),
      has_more: z.boolean(),
    }),
  },
  async handle(call, services) {
    const { after, limit } = call.query;
    const page = await listBatches(services.pool, await accountOf(call, services), { limit, after: after ?? null });
    return ok(toList(page.data.map(toBatchView), page.next !== null));
  },
});

export const cancel = endpoint({
  uses: ['pool'],
  params: ofBatch,
  headers: FOR_ACCOUNT,
  refusals: [...OF_ACCOUNT, 'batch_ended'],
  replies: { 200: batch },
  async handle(call, services) {
    const { id, accountId } = await find(call, services);
    const cancelled = await transaction(services.pool, async (tx) => {
      const done = await cancelBatch(tx, id);
      if (done.kind === 'cancelling' && done.changed)
        await recordAudit(tx, accountId, call.principal.actor, 'batch.cancel', { batch: id });
      return done;
    });
    if (cancelled.kind === 'ended')
      throw new Problem('batch_ended', `The batch is ${cancelled.batch.status}: there is nothing to cancel.`);
    return ok(toBatchView(cancelled.batch));
  },
});

async function find(call: Call<{ batchId: string }>, services: Uses<'pool'>): Promise<Batch> {
  const found = await readBatch(services.pool, call.params.batchId);
  if (found?.accountId !== (await accountOf(call, services))) throw notFound(`batch ${call.params.batchId}`);
  return found;
}
