/** May this account run inference now? Answered from memory. */
import { z } from 'zod';
import { notFound } from '../../domain/errors';
import { isAccountId } from '../usageEvents';
import { endpoint, ok } from '../endpoint';
import { gate, ofAccount } from '../schemas';

const UNSTORED = { 'Cache-Control': 'no-store' };

export const read = endpoint({
  params: ofAccount,
  replies: { 200: gate },
  async handle({ params: { id } }, { gates }) {
    const found = await gates.find(id);
    if (!found) throw notFound(`account ${id}`);
    return ok(found, UNSTORED);
  },
});

/** For proxies (nginx auth_request, Envoy ext_authz): the status alone is the answer. */
export const authorize = endpoint({
  replies: { 200: null, 403: gate.extend({ accountId: z.string() }) },
  async handle({ header }, { gates }) {
    const id = header('x-account-id') ?? '';
    const found = isAccountId(id) ? await gates.find(id) : null;
    if (found?.allowed) return { status: 200, headers: { ...UNSTORED, 'X-Ballast-Gate': found.state } };
    const denied = found ?? { accountId: id, allowed: false, state: 'suspended' as const, reasons: [], version: 0, asOf: new Date().toISOString() };
    return { status: 403, body: denied, headers: { ...UNSTORED, 'X-Ballast-Gate': denied.state } };
  },
});
