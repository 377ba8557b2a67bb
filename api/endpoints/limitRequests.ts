/** An account asks for higher limits (L6). */
import { z } from 'zod';
import { limitReached, LIMIT_REQUESTS } from '../../domain/accountLimits';
import { refuseModel } from '../../domain/batchModel';
import { notFound, Problem } from '../../domain/errors';
import { PENDING_REQUESTS_MAX } from '../../domain/limitRequest';
import { LIMITS, type LimitKey } from '../../domain/limits';
import { recordAudit } from '../../ledger/audit/recordAudit';
import { transaction } from '../../ledger/db';
import { createLimitRequest } from '../../ledger/limits/createLimitRequest';
import { listLimitRequests } from '../../ledger/limits/listLimitRequests';
import { readLimitRequest } from '../../ledger/limits/readLimitRequest';
import { readModels } from '../../ledger/prices/readModels';
import { listReply } from '../http/csvStream';
import { created, ok } from '../http/endpoint';
import { accountId, cursorOf, id, listOf, ofAccount, pageQuery, text, uuid } from '../http/schemas';
import { endpoint, type Uses } from '../services';
import {
  LIMIT_REQUEST_COLUMNS,
  limitKey,
  limitRequest,
  limitRequestStatus,
  viewLimitRequest,
} from './limitRequestView';
import { toList } from './views';

/** The form of a limit in a request; the handler checks it against the limit in force and the range (422). */
export const wishedLimit = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

const wish = z
  .strictObject({
    key: limitKey,
    model: id.optional().meta({ description: 'Only of `batch.enqueued_tokens`.' }),
    requested: wishedLimit,
    reason: text(1_000),
  })
  .refine(({ key, model }) => model === undefined || LIMITS[key].perModel === true, {
    path: ['model'],
    message: 'must be left out: this limit is not counted by model',
  });

export const create = endpoint({
  uses: ['pool', 'clock'],
  params: ofAccount,
  body: { schema: wish },
  refusals: ['unknown_model', 'model_not_supported', 'limit_fixed', 'out_of_range', 'too_many_limit_requests'],
  replies: { 201: limitRequest },
  async handle({ params, body: { key, model = null, requested, reason }, principal }, services) {
    if (model !== null) await requireBatchModel(model, services);
    const { actor, memberId } = principal;
    const request = await transaction(services.pool, async (tx) => {
      const asked = { accountId: params.id, key, model, requested, reason, actor, memberId };
      const done = await createLimitRequest(tx, asked);
      if (done.kind === 'refused')
        throw new Problem(done.refusal.code, done.refusal.because, {
          errors: [{ path: 'requested', message: done.refusal.because }],
        });
      if (done.kind === 'too_many') throw limitReached(LIMIT_REQUESTS, PENDING_REQUESTS_MAX, done.inUse);
      if (done.kind === 'created')
        await recordAudit(
          tx,
          params.id,
          actor,
          'limit_request.create',
          auditOf(done.request.id, key, model, requested),
        );
      return done.request;
    });
    return created(viewLimitRequest(request, principal));
  },
});

const auditOf = (request: string, key: LimitKey, model: string | null, requested: number): object => ({
  request,
  key,
  ...(model !== null && { model }),
  requested,
});

/** A limit by model is one of batches: only models that take them have it. */
async function requireBatchModel(model: string, { pool, clock }: Uses<'pool' | 'clock'>): Promise<void> {
  const [found] = await readModels(pool, [model]);
  const refusal = refuseModel(found, clock.now());
  if (refusal === null) return;
  throw new Problem(
    refusal.code === 'model_not_found' ? 'unknown_model' : 'model_not_supported',
    `The model ${model} ${refusal.because}.`,
  );
}

export const list = endpoint({
  uses: ['pool'],
  params: ofAccount,
  query: pageQuery(cursorOf.uuid).extend({ status: limitRequestStatus.optional() }),
  replies: { 200: listOf(limitRequest) },
  texts: { 200: ['text/csv'] },
  handle: ({ params, query: { limit, cursor, status }, header, principal }, { pool }) =>
    listReply({ limit, cursor, accept: header('accept') }, LIMIT_REQUEST_COLUMNS, async (page) =>
      toList(await listLimitRequests(pool, { accountId: params.id, status }, page), (request) =>
        viewLimitRequest(request, principal),
      ),
    ),
});

export const read = endpoint({
  uses: ['pool'],
  params: z.strictObject({ id: accountId, requestId: uuid }),
  replies: { 200: limitRequest },
  async handle({ params: { id: account, requestId }, principal }, { pool }) {
    const request = await readLimitRequest(pool, requestId, account);
    if (!request) throw notFound(`limit request ${requestId}`);
    return ok(viewLimitRequest(request, principal));
  },
});
