/** What admins do by hand: credits and debits, suspending and lifting it. */
import { z } from 'zod';
import { accountClosed, notFound, Problem } from '../../domain/errors';
import { BALANCE_NANO_MAX, formatMoney, parseMoney } from '../../domain/money';
import { recordAudit } from '../../ledger/audit/recordAudit';
import { transaction } from '../../ledger/db';
import { postAdjustment } from '../../ledger/transactions/postAdjustment';
import { toGate, type Position } from '../../ledger/accounts/position';
import { liftSuspension } from '../../ledger/accounts/liftSuspension';
import { setSuspension } from '../../ledger/accounts/setSuspension';
import { reasonsChangedSignal } from '../../workflows/messages';
import { created, ok } from '../http/endpoint';
import { gate, moneyIn, ofAccount, text, transactionView } from '../http/schemas';
import { endpoint, type Uses } from '../services';
import { signalPosition } from '../signals/signalPosition';
import { viewTransaction } from './views';

export const adjust = endpoint({
  params: ofAccount,
  body: { schema: z.strictObject({ amount: moneyIn, reason: text(500) }) },
  idempotent: true,
  replies: { 201: transactionView },
  uses: ['pool', 'gates', 'signals'],
  refusals: ['out_of_range'],
  async handle({ params: { id }, body, principal, idempotencyKey }, services) {
    const amount = parseMoney(body.amount);
    if (amount === 0n)
      throw new Problem('out_of_range', 'An adjustment is more or less than zero.', {
        errors: [{ path: 'amount', message: 'must not be zero' }],
      });
    const { line, position } = await transaction(services.pool, async (tx) => {
      const outcome = await postAdjustment(tx, { accountId: id, amount, reason: body.reason, idempotencyKey });
      if (outcome.kind === 'not_found') throw notFound(`account ${id}`);
      if (outcome.kind === 'account_closed') throw accountClosed(id);
      if (outcome.kind === 'key_reused')
        throw new Problem('idempotency_key_reused', 'This Idempotency-Key has made another adjustment of the account.');
      const { balanceAfter } = outcome.line;
      if (balanceAfter > BALANCE_NANO_MAX || balanceAfter < -BALANCE_NANO_MAX)
        throw new Problem(
          'out_of_range',
          `The balance would be ${formatMoney(balanceAfter)}: no adjustment goes so far.`,
        );
      if (!outcome.repeated)
        await recordAudit(tx, id, principal.actor, 'adjustment.post', {
          amount: formatMoney(amount),
          reason: body.reason,
          sequence: outcome.line.sequence,
        });
      return outcome;
    });
    signalPosition(position, services);
    return created(viewTransaction(line));
  },
});

export const suspend = endpoint({
  params: ofAccount,
  body: { schema: z.strictObject({ reason: text(500) }) },
  replies: { 200: gate },
  uses: ['pool', 'gates', 'signals', 'clock'],
  async handle({ params: { id }, body: { reason }, principal }, services) {
    const position = await transaction(services.pool, async (tx) => {
      const suspended = await setSuspension(tx, id, 'admin_suspended', reason, principal.actor);
      if (!suspended) throw notFound(`account ${id}`);
      await recordAudit(tx, id, principal.actor, 'suspension.set', { reason });
      return suspended;
    });
    return tellGate(position, services);
  },
});

export const resume = endpoint({
  params: ofAccount,
  query: z.strictObject({ reason: z.enum(['admin_suspended', 'payment_disputed']).default('admin_suspended') }),
  replies: { 200: gate },
  uses: ['pool', 'gates', 'signals', 'clock'],
  async handle({ params: { id }, query: { reason }, principal }, services) {
    const position = await transaction(services.pool, async (tx) => {
      const lifted = await liftSuspension(tx, id, reason);
      if (!lifted) throw notFound(`account ${id}`);
      await recordAudit(tx, id, principal.actor, 'suspension.lift', { reason });
      return lifted;
    });
    return tellGate(position, services);
  },
});

function tellGate(position: Position, { gates, signals, clock }: Uses<'gates' | 'signals' | 'clock'>) {
  gates.learn(position);
  signals.tell(position.accountId, reasonsChangedSignal);
  return ok(toGate(position, clock.now()), { 'Cache-Control': 'no-store' });
}
