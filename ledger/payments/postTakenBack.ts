/** Posts the difference between what Stripe has taken back of a payment and what the ledger says, with all that follows (P5). */
import type { Policy } from '../../domain/accountState';
import type { TakenBack } from '../../domain/payment';
import { centsToNano, formatCents, formatMoney } from '../../domain/money';
import type { Tx } from '../db';
import { syncDisputes, type DisputeChange } from './syncDisputes';
import { raiseNews } from '../accounts/raiseNews';
import { lockAccount } from '../accounts/lockAccount';
import { pauseAfterTakeBack } from './pauseAfterTakeBack';
import type { Payment } from './payment';
import { postNotice } from '../notices/postNotice';
import { giveUpRefunds } from './giveUpRefunds';
import { markRefundsMade } from './markRefundsMade';
import type { TakenBackCents } from './listTakenBack';
import { readTakenBack } from './readTakenBack';

type Line = { kind: 'refund' | 'refund_reversal' | 'dispute' | 'dispute_reversal'; cents: number };
const DESCRIPTIONS: Record<Line['kind'], string> = {
  refund: 'Refund',
  refund_reversal: 'A refund that failed came back',
  dispute: 'Disputed payment',
  dispute_reversal: 'Dispute won',
};

/** How many lines, and what they took in all; below zero: more came back. */
export type PostedTakenBack = { lines: number; debitedCents: number };

/**
 * The caller holds the payment's lock and has credited the payment. Under the account's lock, all in one transaction:
 * lines, disputes and their suspension, a pause of auto-reload, notices, the workflow's news. The same look again posts
 * nothing.
 */
export async function postTakenBack(
  tx: Tx,
  payment: Payment,
  taken: TakenBack,
  policy: Policy,
  nowMs: number,
): Promise<PostedTakenBack> {
  const { accountId } = payment;
  await lockAccount(tx, accountId);
  await markRefundsMade(tx, payment, taken.refunds);
  await giveUpRefunds(tx, payment);
  const posted = await readTakenBack(tx, payment);
  const lines = differences(posted, targets(payment.cents, taken));
  for (const [index, line] of lines.entries()) await postLine(tx, payment, posted.lines + index + 1, line);

  const changes = await syncDisputes(tx, payment, taken.disputes);
  const debitedCents = -lines.reduce((sum, { cents }) => sum + cents, 0);
  const paused =
    debitedCents > 0 && (await pauseAfterTakeBack(tx, payment, posted.lines + lines.length, policy, nowMs));
  await tellOwners(tx, payment, posted.lines, lines, changes, paused);
  if (lines.length > 0 || changes.length > 0) await raiseNews(tx, accountId);
  return { lines: lines.length, debitedCents };
}

/** What should be debited by now: never more in all than was credited. */
function targets(creditedCents: number, { refunds, disputes }: TakenBack): TakenBackCents {
  const refunded = refunds.reduce((sum, { cents, failed }) => sum + (failed ? 0 : cents), 0);
  const withdrawn = disputes.reduce((sum, { withdrawnCents }) => sum + withdrawnCents, 0);
  const refundedCents = Math.min(refunded, creditedCents);
  return { refundedCents, disputedCents: Math.min(withdrawn, creditedCents - refundedCents) };
}

/** Signed lines, what comes back first: so no line takes more than was credited, not even for a moment. */
function differences(posted: TakenBackCents, target: TakenBackCents): Line[] {
  const refund = posted.refundedCents - target.refundedCents;
  const dispute = posted.disputedCents - target.disputedCents;
  const lines: Line[] = [
    { kind: refund > 0 ? 'refund_reversal' : 'refund', cents: refund },
    { kind: dispute > 0 ? 'dispute_reversal' : 'dispute', cents: dispute },
  ];
  return lines.filter(({ cents }) => cents !== 0).sort((one, other) => other.cents - one.cents);
}

async function postLine(tx: Tx, payment: Payment, number: number, { kind, cents }: Line): Promise<void> {
  await tx.query(`select post_line($1, $2, 'payments', $3, $4, $5, $6)`, [
    payment.accountId,
    kind,
    centsToNano(cents).toString(),
    keyOf(payment, number),
    `${payment.purpose}/${payment.id}`,
    DESCRIPTIONS[kind],
  ]);
}

const keyOf = (payment: Payment, number: number): string => `pi/${payment.paymentIntentId}/taken-back/${number}`;

/** Once per event, by its key. A pause is always told, also when its dispute had been told before it took money. */
async function tellOwners(
  tx: Tx,
  payment: Payment,
  linesBefore: number,
  lines: Line[],
  changes: DisputeChange[],
  paused: boolean,
): Promise<void> {
  const { accountId } = payment;
  const pausing = paused ? { autoReloadPaused: true } : {};
  for (const [index, { kind, cents }] of lines.entries()) {
    if (kind !== 'refund' && kind !== 'refund_reversal') continue;
    const { balance } = await lockAccount(tx, accountId);
    const told = kind === 'refund' ? { status: 'made' as const, ...pausing } : { status: 'came_back' as const };
    await postNotice(tx, accountId, keyOf(payment, linesBefore + index + 1), {
      kind: 'refund',
      amount: formatCents(Math.abs(cents)),
      balance: formatMoney(balance),
      ...told,
    });
  }
  for (const { id, status, cents } of changes) {
    const told = status === 'opened' ? pausing : {};
    await postNotice(tx, accountId, `dispute/${id}/${status}`, {
      kind: 'dispute',
      amount: formatCents(cents),
      status,
      ...told,
    });
  }
  const disputed = lines.findIndex(({ kind }) => kind === 'dispute');
  if (paused && disputed >= 0 && !changes.some(({ status }) => status === 'opened')) {
    await postNotice(tx, accountId, keyOf(payment, linesBefore + disputed + 1), {
      kind: 'dispute',
      amount: formatCents(-lines[disputed]!.cents),
      status: 'opened',
      ...pausing,
    });
  }
}
