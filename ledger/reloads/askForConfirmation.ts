/** Asks owners to confirm a payment, once (A11, P2). */
import type { Tx } from '../db';
import type { Attempt } from './beginAttempt';
import { postNotice } from '../notices/postNotice';
import { formatCents } from '../../domain/money';

/** Owners are asked once per payment, however many of its methods want it. */
export async function askForConfirmation(tx: Tx, { accountId, paymentId }: Attempt, url: string): Promise<void> {
  const { rows } = await tx.query<{ purpose: 'prepayment' | 'reload'; amount_cents: bigint }>(
    'select purpose, amount_cents from payments where id = $1',
    [paymentId],
  );
  const { purpose, amount_cents: cents } = rows[0]!;
  await postNotice(tx, accountId, `confirmation/${paymentId}`, {
    kind: 'confirmation_needed',
    amount: formatCents(Number(cents)),
    url,
    purpose,
  });
}
