/** Before a new PaymentIntent is made: asks Stripe for those of the customer that this database has lost (O4). */
import type { SeenIntent } from '../domain/payment';
import { listKnownIntents } from '../ledger/payments/listKnownIntents';
import type { Page } from '../stripe/listing';
import type { SyncDeps } from './deps';
import { syncSeen, type Synced } from './syncIntent';
import { takeBack } from './takeBack';

/**
 * Credits what was paid, and gives a payment the PaymentIntent that was made for it before. Newest first, until a page
 * holds nothing that is lost and something that was begun here: that was begun before the older copy was made, or by
 * somebody who has looked through all pages first. What others have rebuilt, such as events or a look that was cut off,
 * says nothing of older ones. However many pages there are, all are looked through: whoever charges gives up when that
 * takes too long, and has charged nothing. Throws when Stripe gives no answer. Stripe's lists show what was made a moment
 * ago; its search may not.
 *
 * Where nothing was begun here, the account may have had another customer, of which this database knows nothing: then
 * Stripe is searched for the account as well.
 */
export async function recoverLost(
  deps: SyncDeps,
  { accountId, customerId }: { accountId: string; customerId: string },
  nowMs: number,
): Promise<void> {
  const { lost, isBegun } = await listLost(deps, customerId);
  const others = isBegun ? [] : await searchLost(deps, accountId);
  const all = new Map([...lost.reverse(), ...others].map((seen) => [seen.paymentIntentId, seen]));
  // Oldest first: cut off, what is left are the newest, with which the next call begins.
  for (const seen of [...all.values()].sort((a, b) => a.createdMs - b.createdMs)) await recoverOne(deps, seen, nowMs);
}

/** Of the customer, newest first, until nothing more can be lost. `isBegun`: some of them were begun here. */
async function listLost(deps: SyncDeps, customerId: string): Promise<{ lost: SeenIntent[]; isBegun: boolean }> {
  const lost: SeenIntent[] = [];
  let isBegun = false;
  for (let after: string | null = null; ;) {
    const page: Page<SeenIntent> = await deps.provider.listIntents(customerId, after);
    const here = await compare(deps, page.items);
    lost.push(...here.unknown);
    isBegun ||= here.isBegun;
    if (page.next === null || (here.isBegun && here.unknown.length === 0)) return { lost, isBegun };
    after = page.next;
  }
}

/** Of the account, what was paid or is under way. Nobody confirms any more what another customer has left unpaid. */
async function searchLost(deps: SyncDeps, accountId: string): Promise<SeenIntent[]> {
  const lost: SeenIntent[] = [];
  for (let after: string | null = null; ;) {
    const page: Page<SeenIntent> | null = await deps.provider.searchIntents(accountId, after);
    if (page === null) {
      deps.log.warn(
        { account: accountId },
        'Stripe offers no search: what another customer has paid is found by events',
      );
      return lost;
    }
    const { unknown } = await compare(deps, page.items);
    lost.push(...unknown.filter(({ answer }) => answer.kind === 'paid' || answer.kind === 'processing'));
    if (page.next === null) return lost;
    after = page.next;
  }
}

/** `unknown`: signed by Ballast, and in no row. */
async function compare(
  { pool }: SyncDeps,
  items: readonly SeenIntent[],
): Promise<{ unknown: SeenIntent[]; isBegun: boolean }> {
  const known = await listKnownIntents(
    pool,
    items.map(({ paymentIntentId }) => paymentIntentId),
  );
  return {
    unknown: items.filter(({ paymentIntentId, claim }) => claim !== null && !known.has(paymentIntentId)),
    isBegun: [...known.values()].includes('begun'),
  };
}

/** What was paid is credited together with what was taken back of it since. */
async function recoverOne(deps: SyncDeps, seen: SeenIntent, nowMs: number): Promise<void> {
  const synced: Synced =
    seen.answer.kind === 'paid'
      ? (await takeBack(deps, seen.paymentIntentId, nowMs)).synced
      : await syncSeen(deps, seen, nowMs);
  if (synced.kind === 'foreign') return;
  const { id: payment, accountId: account } = synced.payment;
  const about = { account, payment, paymentIntent: seen.paymentIntentId, is: seen.answer.kind };
  deps.log.warn(about, 'a payment at Stripe that this database did not know was found again');
}
