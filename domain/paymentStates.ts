/** The state table of a payment: its state, what the provider answers, and the one step that follows (A7, A9, A11, P2, P3). */
import type { PaidIntent, PaymentAnswer } from './payment';

/** `quarantined`: the provider has taken money that is not what was asked; nothing is credited, an operator looks. */
export type PaymentStatus = 'processing' | 'requires_action' | 'succeeded' | 'failed' | 'canceled' | 'quarantined';

/** What the table needs to know of a payment. */
export type PaymentInBrief = {
  purpose: 'prepayment' | 'reload';
  status: PaymentStatus;
  cents: number;
  /** A prepayment that is paid at Checkout, where its customer chooses the method. */
  atCheckout: boolean;
};

/**
 * Who has asked the provider. `attempt`: the attempt that charges. `cancel`: who has just told the provider to cancel.
 * `checkout_over`: who knows that Checkout's page takes no money any more. `news`: everybody else.
 */
export type Asking = 'attempt' | 'cancel' | 'checkout_over' | 'news';

export type Place =
  /** An attempt confirms it and has the answer. */
  | 'prepayment_attempt'
  | 'reload_attempt'
  /** Somebody else looks while an attempt is or will be under way. */
  | 'in_flight'
  /** The customer is on Checkout's page. */
  | 'at_checkout'
  | 'checkout_over'
  /** The bank has asked its owner to confirm it. */
  | 'prepayment_awaits_owner'
  | 'reload_awaits_owner'
  /** It shall not be paid any more. */
  | 'canceling'
  /** Decided: credited, failed or canceled; or an operator's to decide. */
  | 'credited'
  | 'quarantined'
  | 'ended';

export type Step =
  /** Credit it, once. */
  | 'credit'
  /** The money is not what was asked: credit nothing, and let an operator look. */
  | 'quarantine'
  /** The method has failed in this attempt. */
  | 'decline'
  /** Ask its owner to confirm it, and wait. */
  | 'ask_owner'
  /** Its owner has not confirmed it: it has failed, and is canceled at the provider. */
  | 'fail'
  /** Its owner tried and was declined; the link stays good. */
  | 'note_decline'
  /** It ends unpaid, and with it its reload. */
  | 'end'
  /** Not known yet: the attempt looks again, with growing waits. */
  | 'look_later'
  /** Something has happened: the attempt that waits to look does so at once. */
  | 'look_now'
  /** It could not be canceled: that is tried again. */
  | 'cancel_later'
  | 'nothing';

/** `paid_otherwise`: paid, but not the amount or currency that was asked. */
type AnswerKind = PaymentAnswer['kind'] | 'paid_otherwise';

const paid = { paid: 'credit', paid_otherwise: 'quarantine' } as const;

/** Each place with what follows each answer. */
export const PAYMENT_STATES: Record<Place, Record<AnswerKind, Step>> = {
  prepayment_attempt: {
    ...paid,
    declined: 'decline',
    requires_action: 'ask_owner',
    unpaid: 'look_later',
    processing: 'look_later',
    canceled: 'end',
    missing: 'look_later',
    unknown: 'look_later',
  },
  // Off session nobody is there to confirm: the method has failed, and owners get a link (A11).
  reload_attempt: {
    ...paid,
    declined: 'decline',
    requires_action: 'decline',
    unpaid: 'look_later',
    processing: 'look_later',
    canceled: 'end',
    missing: 'look_later',
    unknown: 'look_later',
  },
  // Only the attempt knows which method was declined, so it is sent to look.
  in_flight: {
    ...paid,
    declined: 'look_now',
    requires_action: 'look_now',
    unpaid: 'look_now',
    processing: 'look_now',
    canceled: 'end',
    missing: 'nothing',
    unknown: 'nothing',
  },
  // Declined there, the customer may choose another method.
  at_checkout: {
    ...paid,
    declined: 'nothing',
    requires_action: 'nothing',
    unpaid: 'nothing',
    processing: 'nothing',
    canceled: 'end',
    missing: 'nothing',
    unknown: 'nothing',
  },
  // A bank transfer is under way as `processing` or `requires_action` until it arrives. `missing`: nobody ever tried to pay.
  checkout_over: {
    ...paid,
    declined: 'end',
    requires_action: 'nothing',
    unpaid: 'end',
    processing: 'nothing',
    canceled: 'end',
    missing: 'end',
    unknown: 'nothing',
  },
  // It waited for nothing but its owner: when that is over and it is not paid, it never will be.
  prepayment_awaits_owner: {
    ...paid,
    declined: 'fail',
    requires_action: 'nothing',
    unpaid: 'fail',
    processing: 'nothing',
    canceled: 'end',
    missing: 'nothing',
    unknown: 'nothing',
  },
  reload_awaits_owner: {
    ...paid,
    declined: 'note_decline',
    requires_action: 'look_now',
    unpaid: 'look_now',
    processing: 'look_now',
    canceled: 'end',
    missing: 'nothing',
    unknown: 'nothing',
  },
  canceling: {
    ...paid,
    declined: 'cancel_later',
    requires_action: 'cancel_later',
    unpaid: 'cancel_later',
    processing: 'cancel_later',
    canceled: 'end',
    missing: 'cancel_later',
    unknown: 'cancel_later',
  },
  credited: stays(),
  quarantined: stays(),
  // Money that comes late counts all the same.
  ended: stays(),
};

function stays(): Record<AnswerKind, Step> {
  return {
    ...paid,
    declined: 'nothing',
    requires_action: 'nothing',
    unpaid: 'nothing',
    processing: 'nothing',
    canceled: 'nothing',
    missing: 'nothing',
    unknown: 'nothing',
  };
}

export const isOpen = ({ status }: Pick<PaymentInBrief, 'status'>): boolean =>
  status === 'processing' || status === 'requires_action';

export function placeOf(payment: PaymentInBrief, asking: Asking): Place {
  if (payment.status === 'succeeded') return 'credited';
  if (payment.status === 'quarantined') return 'quarantined';
  // The attempt or the cancellation that is told late of an end has nothing left to do either.
  if (!isOpen(payment)) return 'ended';
  if (asking === 'attempt') return `${payment.purpose}_attempt`;
  if (asking === 'cancel') return 'canceling';
  if (asking === 'checkout_over') return 'checkout_over';
  if (payment.status === 'requires_action') return `${payment.purpose}_awaits_owner`;
  return payment.atCheckout ? 'at_checkout' : 'in_flight';
}

/** Why what was paid is not what was asked; null when it is. */
export function differsFromAsked({ cents }: { cents: number }, paid: PaidIntent): string | null {
  if (paid.receivedCents === cents && paid.currency === 'usd') return null;
  return `${paid.paymentIntentId} received ${paid.receivedCents} ${paid.currency}, asked were ${cents} usd`;
}

/** The step that follows. Pure: the caller holds the account's lock when it acts on it. */
export function stepAfter(payment: PaymentInBrief, asking: Asking, answer: PaymentAnswer): Step {
  const kind =
    answer.kind === 'paid' && differsFromAsked(payment, answer.paid) !== null ? 'paid_otherwise' : answer.kind;
  return PAYMENT_STATES[placeOf(payment, asking)][kind];
}
