/** Letters about automatic reloads: made, failed, not made yet, turned off. */
import { cardName, dollars, oneLine, sentence, utc } from '../words';
import { AT_ZERO, NOTHING_TO_DO, type Letter, type Of } from './letter';

export function reloadSucceeded(notice: Of<'reload_succeeded'>): Letter {
  const card = cardName(notice);
  return {
    subject: `receipt for an automatic reload of ${dollars(notice.amount)}`,
    paragraphs: [
      `Auto-reload has charged ${dollars(notice.amount)} and added it to your balance.`,
      `This follows your auto-reload settings; you can change, pause or disable them at any time. ${NOTHING_TO_DO}`,
    ],
    facts: [
      ['Reload', String(notice.number)],
      ['Amount', dollars(notice.amount)],
      ...(card === undefined ? [] : [['Charged to', card] satisfies [string, string]]),
      ['Balance after it', dollars(notice.balance)],
    ],
    ...(notice.receiptUrl === undefined ? {} : { link: { label: 'See the receipt', url: notice.receiptUrl } }),
  };
}

export function firstFailedAttempt(notice: Of<'first_failed_attempt'>): Letter {
  const card = cardName(notice);
  return {
    subject: `an automatic reload of ${dollars(notice.amount)} failed`,
    paragraphs: [
      `Reload ${notice.number} could not charge ${dollars(notice.amount)}${card === undefined ? '' : ` to ${card}`}. ${sentence(notice.declineMessage)}`,
      notice.nextAttemptAt === null
        ? 'Nothing was charged, and the balance has not grown.'
        : `Nothing was charged. We try again on ${utc(notice.nextAttemptAt)}. After three failures in a row auto-reload is turned off.`,
      'Please check your payment methods. A new or changed one is tried at once.',
    ],
  };
}

export const disabledAfterFailures = ({
  strikes,
  amount,
  threshold,
  declineMessage,
}: Of<'disabled_after_failures'>): Letter => ({
  subject: `auto-reload is turned off after ${strikes} failed charges`,
  paragraphs: [
    `Auto-reload could not charge ${dollars(amount)} ${strikes} times in a row and is now turned off. The last answer was: ${sentence(declineMessage)}`,
    `The balance is no longer reloaded when it reaches ${dollars(threshold)}. ${AT_ZERO}`,
    'Please check or replace your payment method, then turn auto-reload on again. It does not turn itself on. A prepayment works meanwhile.',
  ],
});

export const disabledByOwner = ({ by, threshold, amount }: Of<'disabled_by_owner'>): Letter => ({
  subject: 'auto-reload is turned off',
  paragraphs: [
    `${oneLine(by)} has turned auto-reload off. It was set to charge ${dollars(amount)} when the balance reached ${dollars(threshold)}.`,
    `Your card is no longer charged automatically, and the balance does not grow by itself. ${AT_ZERO}`,
    'If this was not meant, turn auto-reload on again in its settings.',
  ],
});

export function guardReached({ guard, limit }: Of<'guard_reached'>): Letter {
  if (guard === 'monthly_limit') {
    return {
      subject: 'auto-reload has reached its monthly limit',
      paragraphs: [
        `The next reload would go over the monthly limit${limit === undefined ? '' : ` of ${dollars(limit)}`} that you have set, so it was not made.`,
        `Auto-reload goes on with the new month (UTC). Until then the balance does not grow by itself. ${AT_ZERO}`,
        'Raise the limit or add a prepayment if you need more this month.',
      ],
    };
  }
  if (guard === 'pending_payment') {
    return {
      subject: 'auto-reload waits for an earlier charge',
      paragraphs: [
        'An automatic reload is due, but an earlier charge is not decided yet: the bank has neither paid nor declined it.',
        `So that you are not charged twice, no reload is made before it is. Until then the balance does not grow by itself. ${AT_ZERO}`,
        'Auto-reload goes on by itself when the charge is decided. A prepayment works meanwhile.',
      ],
    };
  }
  return {
    subject: 'auto-reload waits for an hour to pass',
    paragraphs: [
      'There were as many reloads within an hour as are made in that time, so the next one was not made.',
      `This protects your card from a runaway. Auto-reload goes on by itself when the hour has passed. ${AT_ZERO}`,
      'If you did not expect this much use, check your usage and your keys. A prepayment works meanwhile.',
    ],
  };
}
