/** May this account run inference now? Answered from memory; mostly by api/gate/hotPath.ts, before it comes to this. */
import { z } from 'zod';
import { notFound } from '../../domain/errors';
import { toGate } from '../../ledger/accounts/position';
import { isAccountId } from '../../domain/checkEvent';
import { nothingKnown } from '../gate/gateCache';
import { ok } from '../http/endpoint';
import { gate, ofAccount } from '../http/schemas';
import { endpoint } from '../services';

const UNSTORED = { 'Cache-Control': 'no-store' };

export const read = endpoint({
  params: ofAccount,
  replies: { 200: gate },
  uses: ['gates'],
  refusals: ['gate_stale'],
  async handle({ params: { id } }, { gates }) {
    const found = await gates.find(id);
    if (!found) throw notFound(`account ${id}`);
    return ok(found, UNSTORED);
  },
});

/** For proxies (nginx auth_request, Envoy ext_authz): the status alone is the answer. Envoy asks with its caller's method and path, which say nothing here. */
export const authorize = endpoint({
  replies: { 200: null, 403: gate.extend({ accountId: z.string() }) },
  uses: ['gates', 'clock'],
  refusals: ['gate_stale'],
  headers: { 'X-Account-Id': 'Whose gate is asked.' },
  async handle({ header }, { gates, clock }) {
    const id = header('x-account-id') ?? '';
    const found = isAccountId(id) ? await gates.find(id) : null;
    if (found?.allowed) return { status: 200, headers: { ...UNSTORED, 'X-Ballast-Gate': found.state } };
    const denied = found ?? toGate(nothingKnown(id), clock.now());
    return { status: 403, body: denied, headers: { ...UNSTORED, 'X-Ballast-Gate': denied.state } };
  },
});

export const EVENT_STREAM = { ...UNSTORED, 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' };

/** For replicas: all gates, then what changes (api/gate/gateStream.ts). */
export const stream = endpoint({
  replies: { 200: null },
  uses: ['gateStreams'],
  refusals: ['too_many_requests', 'gate_stale'],
  texts: { 200: ['text/event-stream'] },
  headers: { 'Last-Event-ID': 'Resumes after this event.' },
  handle({ header, isWelcome }, { gateStreams }) {
    gateStreams.admit();
    return {
      status: 200,
      headers: EVENT_STREAM,
      stream: (response) => gateStreams.open(response, header('last-event-id'), isWelcome),
    };
  },
});
