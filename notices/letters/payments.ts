/** Letters about single payments: to be confirmed, refunded, disputed. */
import { dollars } from '../words';
import { AT_ZERO, NOTHING_TO_DO, type Letter, type Of } from './letter';

export const confirmationNeeded = ({ amount, url, purpose }: Of<'confirmation_needed'>): Letter => ({
  subject: `please confirm a payment of ${dollars(amount)}`,
  paragraphs: [
    `Your bank asks you to confirm ${purpose === 'reload' ? 'an automatic reload' : 'your prepayment'} of ${dollars(amount)}.`,
    'Nothing is charged, and nothing is added to the balance, until you do.',
    'Please open the page below and follow your bank’s steps.',
  ],
  link: { label: 'Confirm the payment', url },
});

export const paymentMethodsLost = ({ autoReload }: Of<'payment_methods_lost'>): Letter => ({
  subject: 'please save a payment method again',
  paragraphs: [
    'Your saved payment methods were deleted at our payment provider, so nothing can be charged to them any more.',
    autoReload === 'on'
      ? `Auto-reload is on and finds no card. ${AT_ZERO}`
      : 'Your balance and your settings are as they were.',
    'Please save a card: it is used from then on. The same card as before is fine.',
  ],
});

const PAUSED =
  'Auto-reload is paused, or your card would be charged right back. Resume it in its settings when you want it.';

export function refund({ amount, status, balance, autoReloadPaused }: Of<'refund'>): Letter {
  if (status === 'came_back') {
    return {
      subject: `a refund of ${dollars(amount)} came back`,
      paragraphs: [
        `The bank could not take our refund of ${dollars(amount)}, so it has come back to us.`,
        `The amount is in your balance again, which is now ${dollars(balance)}.`,
        'Please write to support if you want it refunded in another way.',
      ],
    };
  }
  return {
    subject: `${dollars(amount)} was refunded`,
    paragraphs: [
      `We have refunded ${dollars(amount)} to the way you paid. Banks can take some days to show it.`,
      `The amount was taken out of your balance, which is now ${dollars(balance)}.`,
      autoReloadPaused ? PAUSED : NOTHING_TO_DO,
    ],
  };
}

export function dispute({ amount, status, autoReloadPaused }: Of<'dispute'>): Letter {
  const paused = autoReloadPaused ? [PAUSED] : [];
  switch (status) {
    case 'opened':
      return {
        subject: `a payment of ${dollars(amount)} is disputed`,
        paragraphs: [
          `Your bank has told us that a payment is disputed. It has taken ${dollars(amount)} back.`,
          'The amount was taken out of your balance, and access to inference is suspended while the dispute is open.',
          ...paused,
          'If the dispute is a mistake, please ask your bank to withdraw it.',
        ],
      };
    case 'won':
      return {
        subject: `the dispute is over, ${dollars(amount)} are back in your balance`,
        paragraphs: [
          `The bank has returned ${dollars(amount)} to us.`,
          'The amount is back in your balance, and the suspension for this dispute is lifted.',
          ...paused,
          NOTHING_TO_DO,
        ],
      };
    case 'lost':
      return {
        subject: `the dispute over ${dollars(amount)} is closed`,
        paragraphs: [
          `The bank has decided that the ${dollars(amount)} go back to the card.`,
          'The amount stays out of your balance, and access stays suspended until support lifts the suspension.',
          ...paused,
          'Please write to support to go on.',
        ],
      };
  }
}
