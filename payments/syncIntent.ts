/** Brings a payment in line with what its PaymentIntent is now, whoever brings the news (P3, P4). */
import type { Policy } from '../domain/accountState';
import type { SeenIntent } from '../domain/payment';
import { transaction, type Tx } from '../ledger/db';
import type { Payment } from '../ledger/payments/payment';
import { findPaymentOfIntent } from '../ledger/payments/findPaymentOfIntent';
import { applyAnswer, type Applied } from './applyAnswer';
import { cancelPayment } from './cancel';
import type { SyncDeps } from './deps';
import { logQuarantine } from './quarantineAlarm';
import { recoverPayment } from './recover';

export type Synced =
  | { kind: 'ours'; payment: Payment; applied: Applied }
  /** The PaymentIntent belongs to no payment of ours. */
  | { kind: 'foreign' };

/** What was credited before needs no look. Needs no lock beside the account's: crediting is idempotent by itself. */
export async function syncIntent(deps: SyncDeps, paymentIntentId: string, nowMs: number): Promise<Synced> {
  const { pool, provider } = deps;
  const known = await findPaymentOfIntent(pool, paymentIntentId);
  if (known?.status === 'succeeded') return { kind: 'ours', payment: known, applied: { kind: 'credited', now: false } };
  const seen = await provider.seeIntent(paymentIntentId, known?.latestChargeId ?? null);
  return syncSeen(deps, seen, nowMs);
}

/** The same for an intent that was looked at by now. */
export const syncSeen = async (deps: SyncDeps, seen: SeenIntent, nowMs: number): Promise<Synced> =>
  finish(deps, await transaction(deps.pool, (tx) => applySeen(tx, seen, deps.policy, nowMs)));

/** Applies what was seen, in the caller's transaction; `finish` follows after it. */
export async function applySeen(tx: Tx, seen: SeenIntent, policy: Policy, nowMs: number): Promise<Synced> {
  const payment = (await findPaymentOfIntent(tx, seen.paymentIntentId)) ?? (await recoverPayment(tx, seen, nowMs));
  if (!payment) return { kind: 'foreign' };
  const applied = await applyAnswer(tx, payment, seen.answer, { asking: 'news' }, policy, nowMs);
  return { kind: 'ours', payment, applied };
}

/** What a transaction can't do: tell an operator, and cancel at Stripe what nobody has confirmed. Cut off, the next look goes on. */
export async function finish(deps: SyncDeps, synced: Synced): Promise<Synced> {
  if (synced.kind === 'foreign') return synced;
  const { payment, applied } = synced;
  if (applied.kind === 'quarantined' && applied.now) logQuarantine(deps.log, payment, applied.because);
  if (applied.kind === 'to_cancel') await cancelPayment(deps, payment, 'failed');
  return synced;
}
