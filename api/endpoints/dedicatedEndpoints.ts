/** Dedicated inference endpoints of an account: so many at most, and not for every model (L7). */
import { z } from 'zod';
import { DEDICATED_ENDPOINTS, limitReached } from '../../domain/accountLimits';
import { refuseDedicated } from '../../domain/dedicatedModel';
import { notFound, Problem } from '../../domain/errors';
import { recordAudit } from '../../ledger/audit/recordAudit';
import { transaction } from '../../ledger/db';
import type { DedicatedEndpoint } from '../../ledger/dedicated/dedicatedEndpoint';
import { listDedicatedEndpoints } from '../../ledger/dedicated/listDedicatedEndpoints';
import { putDedicatedEndpoint } from '../../ledger/dedicated/putDedicatedEndpoint';
import { removeDedicatedEndpoint } from '../../ledger/dedicated/removeDedicatedEndpoint';
import { readModels } from '../../ledger/prices/readModels';
import { created, noContent, ok } from '../http/endpoint';
import { accountId, cursorOf, id, listOf, ofAccount, pageQuery, time } from '../http/schemas';
import { endpoint, type Uses } from '../services';
import { toList } from './views';

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 of A-Z a-z 0-9 . _ - and begin with a letter or digit');
const ofEndpoint = z.strictObject({ id: accountId, name });
const dedicated = z
  .strictObject({ name: z.string(), model: z.string(), createdAt: time })
  .meta({ id: 'DedicatedEndpoint' });

const view = ({ createdAt, ...rest }: DedicatedEndpoint): z.input<typeof dedicated> => ({
  ...rest,
  createdAt: createdAt.toISOString(),
});

export const put = endpoint({
  uses: ['pool', 'clock'],
  params: ofEndpoint,
  body: { schema: z.strictObject({ model: id }) },
  refusals: ['unknown_model', 'model_not_supported', 'limit_reached'],
  replies: { 200: dedicated, 201: dedicated },
  async handle({ params, body: { model }, principal: { actor } }, services) {
    await requireModel(model, services);
    const put = await transaction(services.pool, async (tx) => {
      const done = await putDedicatedEndpoint(tx, { accountId: params.id, name: params.name, model, actor });
      if (done.kind === 'created' || done.kind === 'changed')
        await recordAudit(tx, params.id, actor, 'dedicated_endpoint.put', { endpoint: params.name, model });
      return done;
    });
    if (put.kind === 'limit_reached') throw limitReached(DEDICATED_ENDPOINTS, put.limit, put.inUse);
    return put.kind === 'created' ? created(view(put.endpoint)) : ok(view(put.endpoint));
  },
});

async function requireModel(model: string, { pool, clock }: Uses<'pool' | 'clock'>): Promise<void> {
  const [found] = await readModels(pool, [model]);
  if (!found) throw new Problem('unknown_model', `There is no model ${model} on sale.`);
  const because = refuseDedicated(found, clock.now());
  if (because !== null) throw new Problem('model_not_supported', `The model ${model} ${because}.`);
}

export const list = endpoint({
  uses: ['pool'],
  params: ofAccount,
  query: pageQuery(cursorOf.number),
  replies: { 200: listOf(dedicated) },
  handle: async ({ params, query: { limit, cursor } }, { pool }) =>
    ok(toList(await listDedicatedEndpoints(pool, params.id, { limit, after: cursor ?? null }), view)),
});

export const remove = endpoint({
  uses: ['pool'],
  params: ofEndpoint,
  replies: { 204: null },
  async handle({ params: { id: account, name: removed }, principal: { actor } }, { pool }) {
    await transaction(pool, async (tx) => {
      if (!(await removeDedicatedEndpoint(tx, account, removed))) throw notFound(`dedicated endpoint ${removed}`);
      await recordAudit(tx, account, actor, 'dedicated_endpoint.remove', { endpoint: removed });
    });
    return noContent;
  },
});
