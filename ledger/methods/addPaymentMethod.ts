/** Adds a method that the provider has attached to the account's customer. */
import type { MethodRole } from '../../domain/accountState';
import type { SavedCard } from '../../domain/payment';
import { requireOpenAccount } from '../accounts/requireOpenAccount';
import type { Tx } from '../db';
import { findMark } from './findMark';
import { hastenAttempt } from './hastenAttempt';
import { listPaymentMethods } from './listPaymentMethods';
import { lockMethods } from './lockMethods';
import type { MethodsChanged, PaymentMethod } from './paymentMethod';
import { readPaymentMethod } from './readPaymentMethod';
import { vacateRole } from './vacateRole';

export type MethodAdded = ({ kind: 'added' } & MethodsChanged) | { kind: 'too_many'; inUse: number };

/** Whether the account has as many methods as it may have. One that it has already takes no room. */
export const isFull = (existing: readonly PaymentMethod[], methodId: string | null, methodsMax: number): boolean =>
  existing.length >= methodsMax && existing.every(({ id }) => id !== methodId);

/**
 * Keeps a method that the provider has attached. The first becomes primary; a role that is given is taken from its
 * holder. A card that was declined for good before stays so under a new id, unless it expires later now (A11). Added
 * again, it takes its role, and what the provider shows of it now.
 * @param methodsMax of the account, this one included; on `too_many` nothing is kept, and the caller detaches it
 */
export async function addPaymentMethod(
  tx: Tx,
  accountId: string,
  card: SavedCard,
  role: MethodRole | null,
  methodsMax: number,
): Promise<MethodAdded> {
  const position = await lockMethods(tx, accountId);
  await requireOpenAccount(tx, accountId);
  const existing = await listPaymentMethods(tx, accountId);
  if (isFull(existing, card.id, methodsMax)) return { kind: 'too_many', inUse: existing.length };
  if (role !== null) await vacateRole(tx, accountId, role, card.id);
  const first = existing.every(({ id }) => id === card.id);
  await tx.query(
    `insert into payment_methods as known (id, account_id, role, brand, last4, exp_month, exp_year, fingerprint, unusable_because)
     values ($2, $1, $3, $4, $5, $6, $7, $8, $9)
     on conflict (id) do update set role = coalesce(excluded.role, known.role), removed_at = null, brand = excluded.brand,
       last4 = excluded.last4, exp_month = excluded.exp_month, exp_year = excluded.exp_year, fingerprint = excluded.fingerprint,
       unusable_because = case when known.fingerprint is distinct from excluded.fingerprint
           or (excluded.exp_year, excluded.exp_month) > (known.exp_year, known.exp_month)
         then excluded.unusable_because else known.unusable_because end
       where known.account_id = $1`,
    [
      accountId,
      card.id,
      first ? 'primary' : role,
      card.brand,
      card.last4,
      card.expMonth,
      card.expYear,
      card.fingerprint,
      await findMark(tx, accountId, card),
    ],
  );
  const method = (await readPaymentMethod(tx, accountId, card.id))!;
  await hastenAttempt(tx, accountId, method);
  return { kind: 'added', method, position };
}
