/** How an inference service gets a batch's requests: it lists jobs that have some, and claims them for a time (L4). */
import { z } from 'zod';
import { readRequests, type ReadRequests } from '../../batches/readRequests';
import { claimRequests, type Claim } from '../../ledger/batches/claimRequests';
import { listClaimable } from '../../ledger/batches/listClaimable';
import { recordResults } from '../../ledger/batches/recordResults';
import { returnClaim } from '../../ledger/batches/returnClaim';
import { transaction } from '../../ledger/db';
import { ok } from '../http/endpoint';
import { id, listOf } from '../http/schemas';
import { endpoint, type Uses } from '../services';
import { signalPosition } from '../signals/signalPosition';
import { toFailed } from './batchResults';
import { findExecuted, ofExecuted } from './executedBatch';

export const claimable = endpoint({
  uses: ['pool'],
  query: z.strictObject({
    model: id.optional(),
    limit: z.coerce.number().int().min(1).max(200).default(100),
    cursor: ofExecuted.shape.batchId.optional(),
  }),
  replies: {
    200: listOf(z.strictObject({ id: z.string(), accountId: z.string(), model: z.string(), endpoint: z.string() })),
  },
  async handle({ query: { model, limit, cursor } }, { pool }) {
    const page = await listClaimable(pool, { limit, after: cursor ?? null }, model ?? null);
    return ok({ data: page.data, nextCursor: page.next });
  },
});

export const claim = endpoint({
  uses: ['pool', 'files', 'gates', 'signals', 'clock', 'log', 'pace'],
  params: ofExecuted,
  body: {
    schema: z.strictObject({
      limit: z.number().int().min(1).max(1_000),
      leaseSeconds: z.number().int().min(10).max(3_600),
    }),
  },
  refusals: ['not_found', 'storage_unavailable'],
  replies: { 200: z.strictObject({ data: z.array(z.strictObject({ custom_id: z.string(), body: z.unknown() })) }) },
  async handle({ params, body, hasGone }, services) {
    // Before the leases begin. Results are taken at once: theirs run, and whoever sends them asks for more behind it.
    await services.pace.next('claim', params.batchId);
    // Nobody would execute these until their leases end, and the account's requests of the minute would be used up.
    if (hasGone()) return ok({ data: [] });
    const { id: batchId } = await findExecuted(params.batchId, services);
    const claimed = await transaction(services.pool, (tx) => claimRequests(tx, { batchId, ...body }));
    if (claimed.position) signalPosition(claimed.position, services);
    const { read, lost } = await readClaimed(batchId, claimed, services);
    if (lost.length > 0) await failLost(batchId, lost, services);
    return ok({ data: read.map(({ customId, body: asked }) => ({ custom_id: customId, body: asked })) });
  },
});

/** What can't be read now is not handed out either: it is returned, and executors are sent to other jobs for a while. */
async function readClaimed(
  batchId: string,
  { inputFileId, requests, countedAt }: Claim,
  { pool, files, log }: Uses<'pool' | 'files' | 'log'>,
): Promise<ReadRequests> {
  try {
    return await readRequests(files, inputFileId, requests);
  } catch (error) {
    const claimed = { batchId, lines: requests.map(({ line }) => line), countedAt: countedAt! };
    await transaction(pool, (tx) => returnClaim(tx, claimed)).catch((failure: Error) =>
      log.warn({ err: failure, batch: batchId }, 'a claim could not be returned; its leases end by themselves'),
    );
    throw error;
  }
}

const LOST = JSON.stringify({ code: 'input_lost', message: 'The request is not in the input file any more.' });

/** No claim will ever find them: they fail, so that the job comes to its end and gives their money back. */
async function failLost(
  batchId: string,
  lost: readonly string[],
  services: Uses<'pool' | 'gates' | 'signals' | 'clock' | 'log'>,
): Promise<void> {
  services.log.error(
    { batch: batchId, requests: lost.length },
    "requests are not in a batch's input any more: they fail",
  );
  const failed = lost.map((customId) => toFailed(customId, null, LOST));
  const recorded = await transaction(services.pool, (tx) =>
    recordResults(tx, { batchId, results: failed, nowMs: services.clock.now() }),
  );
  if (recorded.kind === 'recorded' && recorded.position) signalPosition(recorded.position, services);
}
