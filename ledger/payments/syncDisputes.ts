/** Keeps disputes as Stripe tells of them, and the suspension that they are a reason for (P5, S2). */
import type { DisputeState, SeenDispute } from '../../domain/payment';
import type { Tx } from '../db';
import type { Payment } from './payment';
import { liftSuspension } from '../accounts/liftSuspension';
import { setSuspension } from '../accounts/setSuspension';

/** What owners are told of. */
export type DisputeChange = { id: string; status: 'opened' | 'won' | 'lost'; cents: number };

type Row = { id: string; state: DisputeState; suspends: boolean };

/**
 * One that is opened suspends; one that is won does not any more; one that is lost does as before, until an admin lifts
 * it. An inquiry takes no money and suspends nobody. The caller holds the account's lock.
 */
export async function syncDisputes(tx: Tx, payment: Payment, seen: readonly SeenDispute[]): Promise<DisputeChange[]> {
  if (seen.length === 0) return [];
  const { rows } = await tx.query<Row>('select id, state, suspends from disputes where payment_id = $1', [payment.id]);
  const existing = new Map(rows.map((row) => [row.id, row]));
  const changes = seen.flatMap((dispute) => changeOf(existing.get(dispute.id), dispute));
  for (const dispute of seen) await keep(tx, payment, dispute, existing.get(dispute.id));
  if (changes.length > 0 || seen.some(({ id, state }) => existing.get(id)?.state !== state))
    await suspendOrResume(tx, payment.accountId);
  return changes;
}

const suspendedBy = (state: DisputeState): boolean => state === 'open' || state === 'lost';

/** A dispute that we hear of only when it is won has never hurt anybody. */
function changeOf(existing: Row | undefined, { id, state, cents }: SeenDispute): DisputeChange[] {
  const before = existing?.state ?? 'inquiry';
  if (before === state) return [];
  if (state === 'open') return suspendedBy(before) ? [] : [{ id, status: 'opened', cents }];
  if (state === 'won') return suspendedBy(before) ? [{ id, status: 'won', cents }] : [];
  return state === 'lost' ? [{ id, status: 'lost', cents }] : [];
}

/** Whether it suspends changes only with its state: what an admin has lifted stays lifted, however often the news comes. */
async function keep(
  tx: Tx,
  payment: Payment,
  { id, state, cents }: SeenDispute,
  existing: Row | undefined,
): Promise<void> {
  const before = existing?.state ?? 'inquiry';
  const suspends = suspendedBy(state) && (suspendedBy(before) ? existing!.suspends : true);
  await tx.query(
    `insert into disputes (id, account_id, payment_id, state, amount_cents, suspends) values ($1, $2, $3, $4, $5, $6)
     on conflict (id) do update set state = excluded.state, amount_cents = excluded.amount_cents, suspends = excluded.suspends`,
    [id, payment.accountId, payment.id, state, cents, suspends],
  );
}

async function suspendOrResume(tx: Tx, accountId: string): Promise<void> {
  const { rows } = await tx.query<{ id: string }>(
    'select id from disputes where account_id = $1 and suspends order by seen_at limit 1',
    [accountId],
  );
  if (rows[0]) await setSuspension(tx, accountId, 'payment_disputed', `dispute ${rows[0].id}`, 'stripe');
  else await liftSuspension(tx, accountId, 'payment_disputed');
}
