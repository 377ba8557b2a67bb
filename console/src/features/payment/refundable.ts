/** A payment of which something can be given back (P5). */
import type { Schemas } from '../../api/client';
import type { Reload } from '../../api/autoReload';
import { fromNano, toNano } from '../../format/money';

/** `left`: of its amount, what was not given back yet. */
type Left = { amount: string; left: string; at: string };
export type Refundable = Left & ({ kind: 'prepayment'; id: string } | { kind: 'reload'; number: number });

type Paid = { status: string; amount: string; refunded: string; at: string };
/** Null: it was not paid, or all of it was given back. */
function leftOf({ status, amount, refunded, at }: Paid): Left | null {
  const left = toNano(amount) - toNano(refunded);
  return status === 'succeeded' && left > 0n ? { amount, left: fromNano(left), at } : null;
}

export function refundablePrepayment(prepayment: Schemas['Prepayment']): Refundable | null {
  const left = leftOf(prepayment);
  return left && { kind: 'prepayment', id: prepayment.id, ...left };
}

export function refundableReload(reload: Reload): Refundable | null {
  const left = leftOf(reload);
  return left && { kind: 'reload', number: reload.number, ...left };
}

/** What the address calls it, `prepayment/<id>` or `reload/<number>`. */
export const refundKey = (payment: Refundable): string =>
  `${payment.kind}/${payment.kind === 'prepayment' ? payment.id : payment.number}`;
