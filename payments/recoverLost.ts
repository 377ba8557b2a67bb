/** Before a new PaymentIntent is made: asks Stripe for those of the customer that this database has lost (O4). */
import type { SeenIntent } from '../domain/payment';
import { transaction } from '../ledger/db';
import { listKnownIntents } from '../ledger/payments/listKnownIntents';
import type { SyncDeps } from './deps';
import { applySeen, finish, type Synced } from './syncIntent';
import { takeBack } from './takeBack';

/** A customer has so many pages at most that are looked through. */
const PAGES_MAX = 200;

/**
 * Credits what was paid, and gives a payment the PaymentIntent that was made for it before. Newest first, until a page
 * holds nothing that is lost: whoever has charged this customer since the restore has looked before. Throws when Stripe
 * gives no answer. Stripe's lists show what was made a moment ago; its search may not.
 */
export async function recoverLost(deps: SyncDeps, customerId: string, nowMs: number): Promise<void> {
  let after: string | null = null;
  for (let page = 0; page < PAGES_MAX; page++) {
    const { items, next } = await deps.provider.listIntents(customerId, after);
    const ours = items.filter(({ claim }) => claim !== null);
    const known = await listKnownIntents(
      deps.pool,
      ours.map(({ paymentIntentId }) => paymentIntentId),
    );
    const lost = ours.filter(({ paymentIntentId }) => !known.has(paymentIntentId));
    for (const seen of lost) await recoverOne(deps, seen, nowMs);
    if (lost.length === 0 || next === null) return;
    after = next;
  }
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
