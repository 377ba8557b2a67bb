/** Giving the cost of a usage event back, by an admin (B6). */
import { z } from 'zod';
import { accountClosed, notFound, Problem } from '../../domain/errors';
import { transaction } from '../../ledger/db';
import type { Archive } from '../../ledger/usage/listArchives';
import { postUsageReversal } from '../../ledger/usage/postUsageReversal';
import { created } from '../http/endpoint';
import { accountId, id, text, transactionView } from '../http/schemas';
import { signalPosition } from '../signals/signalPosition';
import { viewTransaction } from './views';
import { endpoint } from '../services';

export const reverse = endpoint({
  body: { schema: z.strictObject({ accountId, eventId: id, reason: text(500) }) },
  idempotent: true,
  replies: { 201: transactionView },
  uses: ['pool', 'gates', 'signals'],
  refusals: ['not_found', 'already_reversed', 'account_closed', 'out_of_range'],
  async handle({ body, principal, idempotencyKey }, services) {
    const outcome = await transaction(services.pool, (tx) =>
      postUsageReversal(tx, { ...body, actor: principal.actor, idempotencyKey }),
    );
    switch (outcome.kind) {
      case 'unknown_account':
        throw notFound(`account ${body.accountId}`);
      case 'account_closed':
        throw accountClosed(body.accountId);
      case 'unknown_event':
        throw unknownEvent(body.eventId, body.accountId, outcome.archives);
      case 'key_reused':
        throw new Problem('idempotency_key_reused', 'This Idempotency-Key has made another reversal of the account.');
      case 'already_reversed':
        throw new Problem('already_reversed', `The event ${body.eventId} was reversed before.`);
      case 'posted':
        if (!outcome.repeated) signalPosition(outcome.position, services);
        return created(viewTransaction(outcome.line));
    }
  },
});

/** Ids are known for as long as their events are kept (B8): an older one may be in a file, which is named. */
function unknownEvent(eventId: string, accountId: string, archives: readonly Archive[]): Problem {
  if (archives.length === 0) return notFound(`usage event ${eventId} of account ${accountId}`);
  const files = archives.map(({ file }) => file).join(', ');
  return new Problem(
    'not_found',
    `There is no usage event ${eventId} of account ${accountId} in the database. Older usage is archived in ${files}: restore its month, then reverse it.`,
    { members: { archives: archives.map(({ month, file }) => ({ month, file })) } },
  );
}
