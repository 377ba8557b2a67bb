/** Admins decide limit requests (L6). */
import { z } from 'zod';
import { notFound, Problem } from '../../domain/errors';
import { groupDigits } from '../../domain/words';
import { recordAudit } from '../../ledger/audit/recordAudit';
import { transaction } from '../../ledger/db';
import { decideLimitRequest, type LimitDecision } from '../../ledger/limits/decideLimitRequest';
import type { LimitRequest } from '../../ledger/limits/limitRequest';
import { listLimitRequests } from '../../ledger/limits/listLimitRequests';
import { readLimitRequest } from '../../ledger/limits/readLimitRequest';
import { listReply } from '../http/csvStream';
import { ok } from '../http/endpoint';
import { accountId, cursorOf, listOf, pageQuery, text, uuid } from '../http/schemas';
import { endpoint } from '../services';
import { wishedLimit } from './limitRequests';
import { LIMIT_REQUEST_COLUMNS, limitRequest, limitRequestStatus, viewLimitRequest } from './limitRequestView';
import { toList } from './views';

const ofRequest = z.strictObject({ requestId: uuid });

export const list = endpoint({
  uses: ['pool'],
  query: pageQuery(cursorOf.uuid).extend({ status: limitRequestStatus.optional(), account: accountId.optional() }),
  replies: { 200: listOf(limitRequest) },
  texts: { 200: ['text/csv'] },
  handle: ({ query: { limit, cursor, status, account }, header, principal }, { pool }) =>
    listReply({ limit, cursor, accept: header('accept') }, LIMIT_REQUEST_COLUMNS, async (page) =>
      toList(await listLimitRequests(pool, { accountId: account, status }, page), (request) =>
        viewLimitRequest(request, principal),
      ),
    ),
});

export const read = endpoint({
  uses: ['pool'],
  params: ofRequest,
  refusals: ['not_found'],
  replies: { 200: limitRequest },
  async handle({ params: { requestId }, principal }, { pool }) {
    const request = await readLimitRequest(pool, requestId);
    if (!request) throw notFound(`limit request ${requestId}`);
    return ok(viewLimitRequest(request, principal));
  },
});

const decision = z
  .strictObject({
    decision: z.enum(['approve', 'deny']),
    limit: wishedLimit.optional().meta({ description: 'What is granted, with `approve`; left out: what was asked.' }),
    note: text(1_000).meta({ description: 'For whoever has asked.' }),
  })
  .refine(({ decision, limit }) => decision === 'approve' || limit === undefined, {
    path: ['limit'],
    message: 'must be left out: a request that is denied changes no limit',
  });

export const decide = endpoint({
  uses: ['pool'],
  params: ofRequest,
  body: { schema: decision },
  refusals: ['not_found', 'limit_request_decided', 'limit_fixed', 'out_of_range', 'account_closed'],
  replies: { 200: limitRequest },
  async handle({ params: { requestId }, body, principal }, { pool }) {
    const { actor } = principal;
    const wish: LimitDecision['wish'] =
      body.decision === 'deny' ? { kind: 'deny' } : { kind: 'approve', granted: body.limit ?? null };
    const request = await transaction(pool, async (tx) => {
      const done = await decideLimitRequest(tx, { requestId, wish, note: body.note, actor });
      if (done.kind === 'not_found') throw notFound(`limit request ${requestId}`);
      if (done.kind === 'decided_before') throw decidedBefore(done.request);
      if (done.kind === 'refused')
        throw new Problem(done.refusal.code, done.refusal.because, {
          errors: [{ path: 'limit', message: done.refusal.because }],
        });
      const { accountId, key, model, granted } = done.request;
      await recordAudit(tx, accountId, actor, 'limit_request.decide', {
        request: requestId,
        key,
        ...(model !== null && { model }),
        decision: body.decision,
        ...(granted !== null && { limit: granted }),
      });
      return done.request;
    });
    return ok(viewLimitRequest(request, principal));
  },
});

function decidedBefore({ id, status, granted, decidedBy, decidedAt }: LimitRequest): Problem {
  const how = granted === null ? status : `${status}, with a limit of ${groupDigits(granted)},`;
  return new Problem(
    'limit_request_decided',
    `The request ${id} was ${how} by ${decidedBy} at ${decidedAt?.toISOString()}.`,
  );
}
