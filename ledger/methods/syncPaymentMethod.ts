/** Brings a saved method in line with what the provider shows of it now: a card that was renewed or corrected (A11). */
import type { SavedCard } from '../../domain/payment';
import { lockAccount } from '../accounts/lockAccount';
import { recordAudit } from '../audit/recordAudit';
import type { Tx } from '../db';
import { clearMark } from './clearMark';
import { findMark } from './findMark';
import { hastenAttempt } from './hastenAttempt';
import { lockMethods } from './lockMethods';
import type { PaymentMethod } from './paymentMethod';
import { readPaymentMethod } from './readPaymentMethod';

export type SyncedMethod = { kind: 'foreign' } | { kind: 'same' | 'updated'; accountId: string };

/**
 * A later expiry or another number ends the mark of a card that was declined for good, unless that card is marked under
 * another id; so does the network's word that it has updated the card. A change makes a waiting attempt due (A10).
 * @param updatedByNetwork the provider has told of an automatic update
 */
export async function syncPaymentMethod(tx: Tx, card: SavedCard, updatedByNetwork: boolean): Promise<SyncedMethod> {
  const accountId = await lockOwner(tx, card.id);
  const before = accountId === null ? null : await readPaymentMethod(tx, accountId, card.id);
  if (accountId === null || !before) return { kind: 'foreign' };

  const changed = isChanged(before, card);
  if (changed) await store(tx, card);
  if (isRenewed(before, card))
    await tx.query('update payment_methods set unusable_because = $2 where id = $1', [
      card.id,
      await findMark(tx, accountId, card),
    ]);
  if (updatedByNetwork) await clearMark(tx, accountId, card.id);

  const method = (await readPaymentMethod(tx, accountId, card.id))!;
  if (!changed && method.usable === before.usable) return { kind: 'same', accountId };
  await lockMethods(tx, accountId);
  await hastenAttempt(tx, accountId, method);
  await recordAudit(tx, accountId, 'stripe', 'payment_method.update', {
    method: card.id,
    expMonth: card.expMonth,
    expYear: card.expYear,
    usable: method.usable,
  });
  return { kind: 'updated', accountId };
}

/** Null when the method is not ours, or not any more. */
async function lockOwner(tx: Tx, methodId: string): Promise<string | null> {
  const { rows } = await tx.query<{ account_id: string }>(
    'select account_id from payment_methods where id = $1 and removed_at is null',
    [methodId],
  );
  if (!rows[0]) return null;
  await lockAccount(tx, rows[0].account_id);
  return rows[0].account_id;
}

const SHOWN = ['brand', 'last4', 'expMonth', 'expYear', 'fingerprint'] as const;
const isChanged = (before: PaymentMethod, now: SavedCard): boolean =>
  SHOWN.some((field) => before[field] !== now[field]);

/** Another number, or the same one with a later expiry. */
const isRenewed = (before: PaymentMethod, now: SavedCard): boolean =>
  before.fingerprint !== now.fingerprint || monthOf(now) > monthOf(before);

const monthOf = ({ expYear, expMonth }: SavedCard): number => (expYear ?? 0) * 12 + (expMonth ?? 0);

async function store(tx: Tx, card: SavedCard): Promise<void> {
  await tx.query(
    'update payment_methods set brand = $2, last4 = $3, exp_month = $4, exp_year = $5, fingerprint = $6 where id = $1',
    [card.id, card.brand, card.last4, card.expMonth, card.expYear, card.fingerprint],
  );
}
