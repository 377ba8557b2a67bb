/** Letters about limit requests (L6): to the admins while one waits, to the account when it is decided. */
import { groupDigits } from '../../domain/words';
import { sentence, utc } from '../words';
import { NOTHING_TO_DO, type Letter, type Of } from './letter';

const limitName = (key: string, model?: string | null): string => (model ? `${key} for the model ${model}` : key);
const grouped = (count: string): string => groupDigits(Number(count));

export function limitRequestDecided({ key, model, decision, limit, note }: Of<'limit_request_decided'>): Letter {
  const approved = decision === 'approve';
  const name = limitName(key, model);
  const inForce = limit === null ? [] : [`The limit ${name} ${approved ? 'is now' : 'stays at'} ${grouped(limit)}.`];
  return {
    subject: `your limit request was ${approved ? 'approved' : 'not approved'}`,
    paragraphs: [
      `Your request about the limit ${name} was ${approved ? 'approved' : 'not approved'}.`,
      ...inForce,
      ...(note.trim() === '' ? [] : [`The note with it: ${sentence(note)}`]),
      approved ? NOTHING_TO_DO : 'You can ask again at any time, with what has changed.',
    ],
  };
}

export function limitRequestWaiting({
  account,
  key,
  model,
  requested,
  current,
  reason,
  by,
  askedAt,
  isReminder,
  url,
}: Of<'limit_request_waiting'>): Letter {
  return {
    subject: isReminder ? 'a limit request still waits' : 'a limit request waits',
    paragraphs: [
      `The account ${account} asks for a higher limit${isReminder ? ', and nobody has decided it yet' : ''}.`,
      `The reason given: ${sentence(reason)}`,
      'Please approve or deny it. You are reminded until it is decided.',
    ],
    facts: [
      ['Limit', limitName(key, model)],
      ['In force now', grouped(current)],
      ['Asked for', grouped(requested)],
      ['By', by],
      ['At', utc(askedAt)],
    ],
    link: { label: 'Decide it in the console', url },
  };
}
