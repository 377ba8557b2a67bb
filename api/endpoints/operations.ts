/** For those who run Ballast: is it alive, is it ready, what mail was sent. */
import { z } from 'zod';
import { listMailbox } from '../../ledger/notices/listMailbox';
import { ok } from '../http/endpoint';
import { checkReadiness } from '../readiness';
import { time } from '../http/schemas';
import { endpoint } from '../services';

export const healthz = endpoint({
  replies: { 200: z.strictObject({ status: z.literal('ok') }) },
  handle: () => ok({ status: 'ok' }),
});

const readiness = z.strictObject({
  status: z.enum(['ready', 'not_ready']),
  missing: z.array(z.enum(['database', 'temporal', 'payments'])),
});

export const readyz = endpoint({
  replies: { 200: readiness, 503: readiness },
  uses: ['pool', 'temporal', 'provider'],
  async handle(_call, services) {
    const missing = await checkReadiness(services);
    return missing.length === 0
      ? ok({ status: 'ready', missing })
      : { status: 503, body: { status: 'not_ready', missing }, headers: { 'Retry-After': '1' } };
  },
});

export const mailbox = endpoint({
  replies: {
    200: z.strictObject({
      data: z.array(
        z.strictObject({ kind: z.string(), to: z.string(), subject: z.string(), text: z.string(), at: time }),
      ),
    }),
  },
  uses: ['pool'],
  handle: async (_call, { pool }) =>
    ok({ data: (await listMailbox(pool)).map((mail) => ({ ...mail, at: mail.at.toISOString() })) }),
});
