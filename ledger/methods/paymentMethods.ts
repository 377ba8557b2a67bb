/** An account's saved payment methods and their roles: at most one primary and one backup. */
import type { MethodRole } from '../../domain/accountState';
import { recordAudit } from '../audit/audit';
import type { Db, Tx } from '../db';
import { POSITION_COLUMNS, toPosition, type Position, type PositionRow } from '../accounts/position';

/** What the provider tells of a card: enough to recognise it, never to use it. */
export type Card = {
  id: string;
  brand: string;
  last4: string;
  expMonth: number | null;
  expYear: number | null;
  fingerprint: string | null;
};
export type PaymentMethod = Card & { role: MethodRole | null; usable: boolean };
export type MethodsChanged = { method: PaymentMethod; position: Position };

type Row = {
  id: string;
  role: MethodRole | null;
  brand: string;
  last4: string;
  exp_month: number | null;
  exp_year: number | null;
  fingerprint: string | null;
  unusable_because: string | null;
};

const COLUMNS = 'id, role, brand, last4, exp_month, exp_year, fingerprint, unusable_because';

const toPaymentMethod = (row: Row): PaymentMethod => ({
  id: row.id,
  role: row.role,
  brand: row.brand,
  last4: row.last4,
  expMonth: row.exp_month,
  expYear: row.exp_year,
  fingerprint: row.fingerprint,
  usable: row.unusable_because === null,
});

/** Primary first, then backup, then the newest. */
export async function listPaymentMethods(db: Db, accountId: string): Promise<PaymentMethod[]> {
  const { rows } = await db.query<Row>(
    `select ${COLUMNS} from payment_methods where account_id = $1 and removed_at is null
     order by role desc nulls last, created_at desc, id`,
    [accountId],
  );
  return rows.map(toPaymentMethod);
}

export async function readPaymentMethod(db: Db, accountId: string, methodId: string): Promise<PaymentMethod | null> {
  return (await listPaymentMethods(db, accountId)).find(({ id }) => id === methodId) ?? null;
}

/**
 * Keeps a method that the provider has attached. The first becomes primary; a role that is given is taken from its
 * holder. A card that was declined for good before stays so under a new id (A11). Added again, it only takes its role.
 */
export async function addPaymentMethod(
  tx: Tx,
  accountId: string,
  card: Card,
  role: MethodRole | null,
): Promise<MethodsChanged> {
  const position = await lockMethods(tx, accountId);
  const standing = await listPaymentMethods(tx, accountId);
  if (role !== null) await vacate(tx, accountId, role, card.id);
  const first = standing.every(({ id }) => id === card.id);
  await tx.query(
    `insert into payment_methods (id, account_id, role, brand, last4, exp_month, exp_year, fingerprint, unusable_because)
     values ($2, $1, $3, $4, $5, $6, $7, $8, (
       select unusable_because from payment_methods
       where account_id = $1 and fingerprint = $8 and unusable_because is not null limit 1))
     on conflict (id) do update set role = coalesce(excluded.role, payment_methods.role)
       where payment_methods.account_id = $1 and payment_methods.removed_at is null`,
    [
      accountId,
      card.id,
      first ? 'primary' : role,
      card.brand,
      card.last4,
      card.expMonth,
      card.expYear,
      card.fingerprint,
    ],
  );
  const method = (await readPaymentMethod(tx, accountId, card.id))!;
  await hasten(tx, accountId, method);
  return { method, position };
}

/** Null when the account has no such method. */
export async function changePaymentMethodRole(
  tx: Tx,
  accountId: string,
  methodId: string,
  role: MethodRole,
): Promise<MethodsChanged | null> {
  if (!(await readPaymentMethod(tx, accountId, methodId))) return null;
  const position = await lockMethods(tx, accountId);
  await vacate(tx, accountId, role, methodId);
  const { rows } = await tx.query<Row>(
    `update payment_methods set role = $3 where account_id = $1 and id = $2 and removed_at is null returning ${COLUMNS}`,
    [accountId, methodId, role],
  );
  const method = toPaymentMethod(rows[0]!);
  await hasten(tx, accountId, method);
  return { method, position };
}

export type MethodRemoved =
  { kind: 'removed'; position: Position } | { kind: 'not_found' } | { kind: 'last_payment_method' };

/** Refused for the last method that auto-reload may charge while it is on. On anything but `removed` the caller rolls back. */
export async function removePaymentMethod(tx: Tx, accountId: string, methodId: string): Promise<MethodRemoved> {
  const position = await lockMethods(tx, accountId);
  const standing = await listPaymentMethods(tx, accountId);
  const removed = standing.find(({ id }) => id === methodId);
  if (!removed) return { kind: 'not_found' };
  const { rows } = await tx.query<{ status: string }>('select status from account_states where account_id = $1', [
    accountId,
  ]);
  const others = standing.filter(({ id }) => id !== methodId);
  const last = others.length === 0 || (removed.role !== null && others.every(({ role }) => role === null));
  if (last && rows[0]!.status === 'on') return { kind: 'last_payment_method' };
  await tx.query('update payment_methods set removed_at = now(), role = null where id = $1', [methodId]);
  return { kind: 'removed', position };
}

/**
 * Removes a method that is gone at the provider, the last one too: a reload then finds none and says so. Returns whose
 * it was; null when it is not ours, or not any more.
 */
export async function forgetPaymentMethod(tx: Tx, methodId: string): Promise<string | null> {
  const { rows } = await tx.query<{ account_id: string }>(
    'select account_id from payment_methods where id = $1 and removed_at is null',
    [methodId],
  );
  if (!rows[0]) return null;
  await lockMethods(tx, rows[0].account_id);
  const { rowCount } = await tx.query(
    'update payment_methods set removed_at = now(), role = null where id = $1 and removed_at is null',
    [methodId],
  );
  if (!rowCount) return null;
  await recordAudit(tx, rows[0].account_id, 'stripe', 'payment_method.remove', { method: methodId });
  return rows[0].account_id;
}

/** Whether a method is, or ever was, one of ours. */
export async function isKnownMethod(db: Db, methodId: string): Promise<boolean> {
  return (await db.query('select 1 from payment_methods where id = $1', [methodId])).rowCount === 1;
}

/** Takes the account's lock, and has its workflow read the methods again. */
async function lockMethods(tx: Tx, accountId: string): Promise<Position> {
  const { rows } = await tx.query<PositionRow>(
    `update balances set news = news + 1 where account_id = $1 returning ${POSITION_COLUMNS}`,
    [accountId],
  );
  return toPosition(rows[0]!);
}

/** A new or changed method makes a waiting attempt due at once (A10), if it can be charged: another failure helps nobody. */
async function hasten(tx: Tx, accountId: string, { role, usable }: PaymentMethod): Promise<void> {
  if (role === null || !usable) return;
  await tx.query('update account_states set methods_version = methods_version + 1 where account_id = $1', [accountId]);
}

async function vacate(tx: Tx, accountId: string, role: MethodRole, exceptId: string): Promise<void> {
  await tx.query(
    'update payment_methods set role = null where account_id = $1 and role = $2 and id <> $3 and removed_at is null',
    [accountId, role, exceptId],
  );
}
