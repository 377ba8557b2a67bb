/** The endpoints to which an account's notices go as signed webhooks. A secret is shown once, when it is made (N2). */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { limitReached, WEBHOOK_ENDPOINTS } from '../../domain/accountLimits';
import { notFound, Problem } from '../../domain/errors';
import { NOTICE_KINDS } from '../../domain/notice';
import { WEBHOOK_ENDPOINTS_MAX, webhookUrlProblem } from '../../domain/webhook';
import { recordAudit } from '../../ledger/audit/recordAudit';
import { transaction } from '../../ledger/db';
import { listWebhookDeliveries } from '../../ledger/webhooks/listWebhookDeliveries';
import { postTestDelivery } from '../../ledger/webhooks/postTestDelivery';
import { addEndpoint } from '../../ledger/webhooks/addEndpoint';
import { listEndpoints } from '../../ledger/webhooks/listEndpoints';
import { removeEndpoint } from '../../ledger/webhooks/removeEndpoint';
import { rotateSecret } from '../../ledger/webhooks/rotateSecret';
import { listReply } from '../http/csvStream';
import { accepted, created, noContent, ok } from '../http/endpoint';
import { accountId, cursorOf, listOf, ofAccount, pageQuery, time, uuid, webAddress } from '../http/schemas';
import { toList } from './views';
import { endpoint } from '../services';

const kind = z.enum(NOTICE_KINDS);
const kinds = z
  .array(kind)
  .min(1)
  .max(NOTICE_KINDS.length)
  .refine((all) => new Set(all).size === all.length, 'must not name a kind twice');
const events = z.union([z.tuple([z.literal('*')]), kinds], `must be ["*"] or a list of: ${NOTICE_KINDS.join(', ')}`);
const secret = z.string().meta({ description: 'Shown once. Verify with it by the Standard Webhooks convention.' });
const ofEndpoint = z.strictObject({ id: accountId, eid: uuid });

const listed = z
  .strictObject({
    id: uuid,
    url: z.string(),
    events: z.array(z.union([kind, z.literal('*')])),
    createdAt: time,
    disabled: z.strictObject({ at: time, because: z.string() }).nullable(),
  })
  .meta({ id: 'WebhookEndpoint' });

/** 32 bytes, written as the convention wants it. */
const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;
const noEndpoint = (eid: string) => notFound(`webhook endpoint ${eid}`);

export const list = endpoint({
  params: ofAccount,
  replies: { 200: z.strictObject({ data: z.array(listed) }) },
  uses: ['pool'],
  async handle({ params: { id } }, { pool }) {
    const data = await listEndpoints(pool, id);
    return ok({
      data: data.map(({ createdAt, disabled, ...rest }) => ({
        ...rest,
        createdAt: createdAt.toISOString(),
        disabled: disabled && { at: disabled.at.toISOString(), because: disabled.because },
      })),
    });
  },
});

export const add = endpoint({
  params: ofAccount,
  body: { schema: z.strictObject({ url: webAddress, events }) },
  replies: { 201: z.strictObject({ id: uuid, secret }) },
  uses: ['pool', 'allowPrivateWebhooks'],
  refusals: ['webhook_url_refused', 'limit_reached'],
  async handle({ params: { id }, body, principal }, { pool, allowPrivateWebhooks }) {
    const problem = webhookUrlProblem(body.url, allowPrivateWebhooks);
    if (problem) throw new Problem('webhook_url_refused', problem, { errors: [{ path: 'url', message: problem }] });
    const madeSecret = newSecret();
    return created(
      await transaction(pool, async (tx) => {
        const added = await addEndpoint(tx, { accountId: id, ...body, secret: madeSecret });
        if (added.kind === 'too_many') throw limitReached(WEBHOOK_ENDPOINTS, WEBHOOK_ENDPOINTS_MAX, added.inUse);
        await recordAudit(tx, id, principal.actor, 'webhook.add', { endpointId: added.id, ...body });
        return { id: added.id, secret: madeSecret };
      }),
    );
  },
});

export const remove = endpoint({
  params: ofEndpoint,
  replies: { 204: null },
  uses: ['pool'],
  async handle({ params: { id, eid }, principal }, { pool }) {
    await transaction(pool, async (tx) => {
      if (!(await removeEndpoint(tx, id, eid))) throw noEndpoint(eid);
      await recordAudit(tx, id, principal.actor, 'webhook.remove', { endpointId: eid });
    });
    return noContent;
  },
});

export const rotate = endpoint({
  params: ofEndpoint,
  replies: { 201: z.strictObject({ id: uuid, secret, oldSecretSignsUntil: time }) },
  uses: ['pool'],
  async handle({ params: { id, eid }, principal }, { pool }) {
    const madeSecret = newSecret();
    return created(
      await transaction(pool, async (tx) => {
        const until = await rotateSecret(tx, id, eid, madeSecret);
        if (!until) throw noEndpoint(eid);
        await recordAudit(tx, id, principal.actor, 'webhook.rotate', { endpointId: eid });
        return { id: eid, secret: madeSecret, oldSecretSignsUntil: until.toISOString() };
      }),
    );
  },
});

/** Sent by a worker within a second, once; the list of deliveries says how it went. */
export const test = endpoint({
  params: ofEndpoint,
  replies: { 202: z.strictObject({ deliveryId: uuid }) },
  uses: ['pool'],
  async handle({ params: { id, eid }, principal }, { pool }) {
    return accepted(
      await transaction(pool, async (tx) => {
        const deliveryId = await postTestDelivery(tx, id, eid);
        if (!deliveryId) throw noEndpoint(eid);
        await recordAudit(tx, id, principal.actor, 'webhook.test', { endpointId: eid, deliveryId });
        return { deliveryId };
      }),
    );
  },
});

const delivery = z.strictObject({
  id: uuid,
  type: z.union([kind, z.literal('test')]),
  status: z.enum(['pending', 'delivered', 'failed']),
  attempts: z.number().int(),
  lastStatus: z.number().int().nullable(),
  lastError: z.string().nullable(),
  at: time,
  endedAt: time.nullable(),
});

export const deliveries = endpoint({
  params: ofEndpoint,
  query: pageQuery(cursorOf.uuid),
  replies: { 200: listOf(delivery) },
  texts: { 200: ['text/csv'] },
  uses: ['pool'],
  handle: ({ params: { id, eid }, query: { limit, cursor }, header }, { pool }) =>
    listReply({ limit, cursor, accept: header('accept') }, Object.keys(delivery.shape), async (page) => {
      const found = await listWebhookDeliveries(pool, id, eid, page);
      if (found.data.length === 0 && !(await listEndpoints(pool, id)).some((one) => one.id === eid))
        throw noEndpoint(eid);
      return toList(found, ({ at, endedAt, ...row }) => ({
        ...row,
        at: at.toISOString(),
        endedAt: endedAt?.toISOString() ?? null,
      }));
    }),
});
