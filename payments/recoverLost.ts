/** Before a new PaymentIntent is made: asks Stripe for those of the customer that this database has lost (O4). */
import type { SeenIntent } from '../domain/payment';
import { transaction } from '../ledger/db';
import { listKnownIntents } from '../ledger/payments/listKnownIntents';
import type { SyncDeps } from './deps';
import { applySeen, finish, type Synced } from './syncIntent';
import { takeBack } from './takeBack';

/**
 * Credits what was paid, and gives a payment the PaymentIntent that was made for it before. Newest first, until a page
 * holds nothing that is lost and something that was begun here: that was begun before the older copy was made, or by
 * somebody who has looked through all pages first. What others have rebuilt, such as events or a look that was cut off,
 * says nothing of older ones. However many pages there are, all are looked through: whoever charges gives up when that
 * takes too long, and has charged nothing. Throws when Stripe gives no answer. Stripe's lists show what was made a moment
 * ago; its search may not.
 */
export async function recoverLost(deps: SyncDeps, customerId: string, nowMs: number): Promise<void> {
  const lost: SeenIntent[] = [];
  let after: string | null = null;
  for (;;) {
    const { items, next } = await deps.provider.listIntents(customerId, after);
    const known = await listKnownIntents(
      deps.pool,
      items.map(({ paymentIntentId }) => paymentIntentId),
    );
    const lostHere = items.filter(({ paymentIntentId, claim }) => claim !== null && !known.has(paymentIntentId));
    lost.push(...lostHere);
    if (next === null || (lostHere.length === 0 && [...known.values()].includes('begun'))) break;
    after = next;
  }
  // Oldest first: cut off, what is left are the newest, with which the next call begins.
  for (const seen of lost.reverse()) await recoverOne(deps, seen, nowMs);
}

/** What was paid is credited together with what was taken back of it since. */
async function recoverOne(deps: SyncDeps, seen: SeenIntent, nowMs: number): Promise<void> {
  const synced: Synced =
    seen.answer.kind === 'paid'
      ? (await takeBack(deps, seen.paymentIntentId, nowMs)).synced
      : await finish(deps, await transaction(deps.pool, (tx) => applySeen(tx, seen, deps.policy, nowMs)));
  if (synced.kind === 'foreign') return;
  const { id: payment, accountId: account } = synced.payment;
  const about = { account, payment, paymentIntent: seen.paymentIntentId, is: seen.answer.kind };
  deps.log.warn(about, 'a payment at Stripe that this database did not know was found again');
}
