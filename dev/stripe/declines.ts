// Decline codes and what Stripe says with each (https://docs.stripe.com/declines/codes).
import type { ErrorBody } from './errors';

type CardError = Pick<ErrorBody, 'type' | 'code' | 'decline_code' | 'message' | 'param'>;

const DECLINED = 'Your card was declined.';

/** Codes whose error `code` is not `card_declined`, or whose message says more. */
const SPECIAL = new Map(
  Object.entries<Omit<CardError, 'type' | 'decline_code'>>({
    authentication_required: {
      code: 'authentication_required',
      message: 'Your card was declined. This transaction requires authentication.',
    },
    expired_card: { code: 'expired_card', message: 'Your card has expired.', param: 'exp_month' },
    incorrect_cvc: { code: 'incorrect_cvc', message: "Your card's security code is incorrect.", param: 'cvc' },
    incorrect_number: { code: 'incorrect_number', message: 'Your card number is incorrect.', param: 'number' },
    processing_error: {
      code: 'processing_error',
      message: 'An error occurred while processing your card. Try again in a little bit.',
    },
    insufficient_funds: { code: 'card_declined', message: 'Your card has insufficient funds.' },
    card_velocity_exceeded: {
      code: 'card_declined',
      message: 'Your card was declined for making repeated attempts too frequently or exceeding its amount limit.',
    },
    card_not_supported: { code: 'card_declined', message: 'Your card is not supported.' },
    currency_not_supported: { code: 'card_declined', message: 'Your card does not support this currency.' },
  }),
);

const WITHOUT_DECLINE_CODE_AT_ATTACH = new Set([
  'expired_card',
  'incorrect_cvc',
  'incorrect_number',
  'processing_error',
]);

export function chargeDecline(declineCode: string): CardError {
  const { message = DECLINED, code = 'card_declined', ...rest } = SPECIAL.get(declineCode) ?? {};
  return { type: 'card_error', code, decline_code: declineCode, message, ...rest };
}

/** Stripe's table of declined test cards gives no decline code for the errors that have a code of their own. */
export function attachDecline(declineCode: string): CardError {
  const { decline_code, ...error } = chargeDecline(declineCode);
  return WITHOUT_DECLINE_CODE_AT_ATTACH.has(declineCode) ? error : { ...error, decline_code: decline_code };
}
