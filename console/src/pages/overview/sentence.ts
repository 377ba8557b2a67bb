/** The banner's one sentence: what is wrong and the next step. It only puts into words what the API says. */
import type { Schemas } from '../../api/client';
import type { Tone } from '../../components/Notice';
import { formatMoney } from '../../format/money';
import { formatClock } from '../../format/time';
import { text } from '../../text';

type Account = Schemas['Account'];
type AutoReload = Schemas['AutoReload'];
export type Sentence = { tone: Tone; words: string };
const { line } = text.overview;

export function sentenceOf({ gate, autoReload }: Account, details: AutoReload | undefined): Sentence {
  const reasons: readonly string[] = gate.reasons;
  if (reasons.includes('admin_suspended')) return { tone: 'bad', words: line.admin_suspended };
  if (reasons.includes('payment_disputed')) return { tone: 'bad', words: line.payment_disputed };
  if (gate.state === 'suspended') return { tone: 'bad', words: exhausted(autoReload.status, details) };
  if (autoReload.status === 'disabled_after_failures') return { tone: 'bad', words: line.disabled };
  const reload = details?.reload;
  if (reload) return running(reload);
  if (autoReload.status === 'on' && details?.blockedBy) return { tone: 'warn', words: line[details.blockedBy] };
  if (autoReload.status === 'paused') return { tone: 'warn', words: line.paused };
  if (gate.state === 'low' && autoReload.status === 'off') return { tone: 'warn', words: line.low };
  return { tone: 'good', words: autoReload.status === 'off' ? line.offHint : line.fine };
}

function exhausted(status: AutoReload['status'], details: AutoReload | undefined): string {
  if (status === 'disabled_after_failures') return line.exhaustedDisabled;
  const reload = details?.reload;
  if (!reload) return line.exhausted;
  return reload.state === 'waiting'
    ? line.exhaustedWaiting(formatMoney(reload.amount), formatClock(reload.nextAttemptAt))
    : line.exhaustedReloading(formatMoney(reload.amount));
}

function running({ state, amount, nextAttemptAt }: NonNullable<AutoReload['reload']>): Sentence {
  switch (state) {
    case 'waiting':
      return { tone: 'warn', words: line.waiting(formatMoney(amount), formatClock(nextAttemptAt)) };
    case 'unknown':
      return { tone: 'warn', words: line.unknown };
    case 'charging':
      return { tone: 'info', words: line.reloading(formatMoney(amount)) };
  }
}
