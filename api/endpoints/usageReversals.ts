/** Giving the cost of a usage event back, by an admin (B6). */
import { z } from 'zod';
import { notFound, Problem } from '../../domain/errors';
import { transaction } from '../../ledger/db';
import { postUsageReversal } from '../../ledger/usage/postUsageReversal';
import { created, endpoint } from '../http/endpoint';
import { accountId, id, text, transactionView } from '../http/schemas';
import { tellPosition } from '../signals/tellPosition';
import { viewTransaction } from './views';

export const reverse = endpoint({
  body: { schema: z.strictObject({ accountId, eventId: id, reason: text(500) }) },
  idempotent: true,
  replies: { 201: transactionView },
  async handle({ body, principal, idempotencyKey }, services) {
    const outcome = await transaction(services.pool, (tx) =>
      postUsageReversal(tx, { ...body, actor: principal.actor, idempotencyKey }),
    );
    switch (outcome.kind) {
      case 'unknown_account':
        throw notFound(`account ${body.accountId}`);
      case 'unknown_event':
        throw notFound(`usage event ${body.eventId} of account ${body.accountId}`);
      case 'key_reused':
        throw new Problem('idempotency_key_reused', 'This Idempotency-Key has made another reversal of the account.');
      case 'already_reversed':
        throw new Problem('already_reversed', `The event ${body.eventId} was reversed before.`);
      case 'posted':
        if (!outcome.repeated) tellPosition(outcome.position, services);
        return created(viewTransaction(outcome.line));
    }
  },
});
