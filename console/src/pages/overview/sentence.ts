/** The banner's sentence: what is wrong and the next step. It only puts into words what the API says. */
import type { Schemas } from '../../api/client';
import type { Tone } from '../../components/Notice';
import { formatMoney } from '../../format/money';
import { formatClock } from '../../format/time';
import { text } from '../../text';
import type { PaidByBackup } from './useLastReloads';

type Account = Schemas['Account'];
type AutoReload = Schemas['AutoReload'];
/** `next`: what an owner does about it; left out where nothing is to be done. */
export type Sentence = { tone: Tone; what: string; next?: keyof typeof text.overview.next };
const { line } = text.overview;

type Known = {
  /** Undefined until it is read. */
  details: AutoReload | undefined;
  /** Which cards the newest reload was declined with, and why; null: with none, or it is not read yet. */
  declined: string | null;
  /** The newest reload, where the backup paid it and the primary is as it was. */
  byBackup: PaidByBackup | null;
  /** No money has ever moved. */
  isNew: boolean;
};

export function sentenceOf({ gate, autoReload }: Account, { details, declined, byBackup, isNew }: Known): Sentence {
  const reasons: readonly string[] = gate.reasons;
  if (reasons.includes('admin_suspended')) return { tone: 'bad', what: line.admin_suspended, next: 'support' };
  if (reasons.includes('payment_disputed')) return { tone: 'bad', what: line.payment_disputed, next: 'support' };
  if (isNew) return { tone: 'warn', what: line.noBalanceYet, next: 'payFirst' };
  if (gate.state === 'suspended') return exhausted(autoReload.status, details, declined);
  if (autoReload.status === 'disabled_after_failures')
    return { tone: 'bad', what: line.disabled(declined), next: 'fix' };
  const reload = details?.reload;
  if (reload) return running(reload, declined);
  if (autoReload.status === 'on' && details?.blockedBy) return blocked(details.blockedBy);
  if (autoReload.status === 'paused') return { tone: 'warn', what: line.paused, next: 'resume' };
  if (autoReload.status === 'on')
    return byBackup
      ? { tone: 'warn', what: line.paidByBackup(byBackup.card, byBackup.declined), next: 'checkPrimary' }
      : { tone: 'good', what: line.fine };
  return gate.state === 'low'
    ? { tone: 'warn', what: line.low, next: 'payToRun' }
    : { tone: 'good', what: line.off, next: 'turnOn' };
}

function exhausted(status: AutoReload['status'], details: AutoReload | undefined, declined: string | null): Sentence {
  if (status === 'disabled_after_failures')
    return { tone: 'bad', what: line.exhaustedDisabled(declined), next: 'fixOrPay' };
  const reload = details?.reload;
  if (!reload) return heldBack(status, details);
  const amount = formatMoney(reload.amount);
  switch (reload.state) {
    case 'waiting':
      return {
        tone: 'bad',
        what: line.exhaustedWaiting(amount, declined, formatClock(reload.nextAttemptAt)),
        next: 'payNow',
      };
    case 'unknown':
      return { tone: 'bad', what: line.exhaustedUnknown };
    case 'charging':
      return { tone: 'bad', what: line.exhaustedReloading(amount) };
  }
}

/** No reload is under way: where a guard holds it back, that is why none comes. */
function heldBack(status: AutoReload['status'], details: AutoReload | undefined): Sentence {
  const by = status === 'on' ? (details?.blockedBy ?? null) : null;
  // That access is suspended is what this says already.
  if (by === null || by === 'suspended') return { tone: 'bad', what: line.exhausted, next: 'pay' };
  return { tone: 'bad', what: line.exhaustedBlocked(line[by]), next: by === 'monthly_limit' ? 'raiseOrPay' : 'pay' };
}

function running(
  { state, amount, nextAttemptAt }: NonNullable<AutoReload['reload']>,
  declined: string | null,
): Sentence {
  switch (state) {
    case 'waiting':
      return {
        tone: 'warn',
        what: line.waiting(formatMoney(amount), declined, formatClock(nextAttemptAt)),
        next: 'checkMethod',
      };
    case 'unknown':
      return { tone: 'warn', what: line.unknown };
    case 'charging':
      return { tone: 'info', what: line.reloading(formatMoney(amount)) };
  }
}

const blocked = (by: NonNullable<AutoReload['blockedBy']>): Sentence => ({
  tone: 'warn',
  what: line[by],
  ...(by === 'monthly_limit' && { next: 'raise' }),
});
