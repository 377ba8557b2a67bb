/** Letters about the balance running low, access going and coming back, and signing in. */
import type { AutoReloadStatus } from '../../domain/autoReload';
import type { Reason } from '../../domain/gate';
import { dollars, utc } from '../words';
import { AT_ZERO, NOTHING_TO_DO, type Letter, type Of } from './letter';

const whyLow: Record<AutoReloadStatus, [why: string, advice: string]> = {
  off: ['Auto-reload is off', 'Add a prepayment or turn on auto-reload'],
  paused: ['Auto-reload is paused', 'Add a prepayment or resume auto-reload'],
  disabled_after_failures: [
    'Auto-reload was turned off after failed charges',
    'Add a prepayment, or check your payment methods and turn auto-reload on again',
  ],
  on: [
    "Auto-reload is on but can't run at the moment",
    'Add a prepayment, and look at your auto-reload settings to see what stops it',
  ],
};

export function lowBalance({ available, autoReload }: Of<'low_balance'>): Letter {
  const [why, advice] = whyLow[autoReload];
  return {
    subject: `your balance is low (${dollars(available)})`,
    paragraphs: [
      `You have ${dollars(available)} available.`,
      `${why}, so the balance does not grow by itself. ${AT_ZERO}`,
      `${advice} to go on without a break.`,
    ],
  };
}

const whySuspended: Record<Reason, (available: string) => string> = {
  balance_exhausted: (available) =>
    `The balance is used up: ${dollars(available)} is available. Add a prepayment: a balance above $0.00 lifts this at once.`,
  admin_suspended: () => 'An admin has suspended the account. Please write to support to have this looked at.',
  account_closed: () => 'The account is closed.',
  payment_disputed: () => 'A payment is disputed at your bank. This is lifted when the dispute is won, or by support.',
};

const CLOSED: Letter = {
  subject: 'the account is closed',
  paragraphs: [
    'The account was closed by an admin. Requests are refused, and the keys of its members do not work any more.',
    'No card is charged for it any more. Please write to support if you have not asked for this.',
  ],
};

export function suspended({ reasons, available }: Of<'suspended'>): Letter {
  if (reasons.includes('account_closed')) return CLOSED;
  return {
    subject: 'access is suspended',
    paragraphs: [
      'Access to inference is suspended. Requests are refused until it is back; your settings and keys stay as they are.',
      ...reasons.map((reason) => whySuspended[reason](available)),
      `Access comes back by itself ${reasons.length > 1 ? 'when all of this is lifted' : 'then'}.`,
    ],
  };
}

export const resumed = ({ available }: Of<'resumed'>): Letter => ({
  subject: 'access is back',
  paragraphs: [
    `Access to inference is back. You have ${dollars(available)} available.`,
    'Requests are taken again.',
    NOTHING_TO_DO,
  ],
});

export const invitation = ({ expiresAt, url }: Of<'invitation'>): Letter => ({
  subject: 'please confirm your address',
  paragraphs: [
    'You were added to this account. Until you confirm that this address is yours, it gets no other mail.',
    `The link is good until ${utc(expiresAt)}. If you did not expect this, you need not do anything.`,
  ],
  ...(url === undefined ? {} : { link: { label: 'Confirm your address', url } }),
});

export const signInLink = ({ expiresAt, url }: Of<'sign_in_link'>): Letter => ({
  subject: 'your link to sign in',
  paragraphs: [
    `Sign in to the console with this link. It works once, until ${utc(expiresAt)}.`,
    'If you did not ask for it, you need not do anything: without the link nobody can sign in.',
  ],
  ...(url === undefined ? {} : { link: { label: 'Sign in', url } }),
});
