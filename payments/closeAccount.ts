/** Closes an account that has begun to be closed: its money goes back, its customer is deleted, its people are erased. */
import { unavailable } from '../domain/errors';
import { eraseHistory } from '../ledger/accounts/eraseHistory';
import { findClosingRefund, type ClosingRefund } from '../ledger/accounts/findClosingRefund';
import { finishClosing } from '../ledger/accounts/finishClosing';
import { lockAccount } from '../ledger/accounts/lockAccount';
import { readClosing, type Closing } from '../ledger/accounts/readClosing';
import { transaction } from '../ledger/db';
import { readPaymentById } from '../ledger/payments/readPaymentById';
import { hashOfRequest } from '../ledger/requestHash';
import type { SyncDeps } from './deps';
import { refund } from './refund';
import { stableId } from './stableId';
import { takeBack } from './takeBack';

/**
 * What comes next always follows from Postgres, so a call that was cut off at any line is simply made again. Each payment
 * is refunded once in a call: one whose refund comes back at once is not tried for ever. Returns null when `deadlineMs`
 * (of `performance.now()`) passes before it is done. Throws when the provider gives no answer; what was done stays.
 * @param actor in whose name refunds are made
 */
export async function closeAccount(
  deps: SyncDeps,
  accountId: string,
  actor: string,
  deadlineMs: number,
): Promise<Closing | null> {
  const tried: string[] = [];
  const looked = new Set<string>();
  while (performance.now() < deadlineMs) {
    const closing = await readClosing(deps.pool, accountId);
    if (!closing) throw new Error(`account ${accountId} is not being closed`);
    if (closing.closedAt !== null) return closing;
    const next = await nextRefund(deps, closing, tried);
    if (next && !looked.has(next.paymentId)) {
      // How much goes back follows from a ledger that has all that was taken back, also by a database that is lost (O4).
      looked.add(next.paymentId);
      await takeBack(deps, (await readPaymentById(deps.pool, next.paymentId))!.paymentIntentId!, deps.clock.now());
      continue;
    }
    if (next) {
      tried.push(next.paymentId);
      await refundOnce(deps, next, actor);
      continue;
    }
    if (closing.customerId !== null) await deps.provider.deleteCustomer(closing.customerId);
    while (await eraseHistory(deps.pool, accountId)) if (performance.now() >= deadlineMs) return null;
    await finish(deps, closing, tried);
  }
  return null;
}

async function nextRefund({ pool }: SyncDeps, closing: Closing, tried: string[]): Promise<ClosingRefund | null> {
  if (closing.balance !== 'refund') return null;
  return transaction(pool, (tx) => findClosingRefund(tx, closing.accountId, tried));
}

/** What the provider refuses for good stays in the balance, and is forfeited in the end: the closing says so. */
async function refundOnce(
  deps: SyncDeps,
  { paymentId, cents, idempotencyKey }: ClosingRefund,
  actor: string,
): Promise<void> {
  const payment = (await readPaymentById(deps.pool, paymentId))!;
  const requestHash = hashOfRequest([paymentId, 'closing']);
  const id = stableId('refund', payment.accountId, idempotencyKey);
  const refunded = await refund(deps, payment, { id, cents, idempotencyKey, requestHash, actor });
  if (refunded.kind === 'made') return;
  if (refunded.kind === 'unknown')
    throw unavailable('payments_unavailable', 'Whether a refund was made is not known yet; ask again.');
  const because = refunded.kind === 'refused' ? refunded.because : refunded.kind;
  deps.log.warn(
    { account: payment.accountId, payment: paymentId, because },
    'a payment could not be refunded when its account was closed',
  );
}

/** Unless something has changed since it was looked at: then the next round looks again. */
async function finish({ pool }: SyncDeps, closing: Closing, tried: string[]): Promise<void> {
  const { accountId } = closing;
  await transaction(pool, async (tx) => {
    await lockAccount(tx, accountId);
    const now = await readClosing(tx, accountId);
    if (now?.customerId !== closing.customerId || now.balance !== closing.balance) return;
    if (now.balance === 'refund' && (await findClosingRefund(tx, accountId, tried))) return;
    await finishClosing(tx, now);
  });
}
