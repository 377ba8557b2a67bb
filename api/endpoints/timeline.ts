/** All that has happened to an account, merged (C2). */
import { z } from 'zod';
import { auditInWords } from '../../domain/audit';
import { formatMoney } from '../../domain/money';
import { asSentence, methodInWords } from '../../domain/words';
import { listTimeline, TIMELINE_CURSOR, type Happening } from '../../ledger/timeline/listTimeline';
import { money, time } from '../http/schemas';
import { accountList } from './accountList';
import { shownActor } from './shownActor';

const happening = z
  .strictObject({
    id: z.string(),
    at: time,
    source: z.enum(['transaction', 'decision', 'attempt', 'audit']),
    kind: z.string(),
    text: z.string(),
    actor: z.string().nullable(),
    sequence: z.number().int().nullable(),
    amount: money.nullable(),
    balanceAfter: z.string().nullable(),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Happening' });

export const list = accountList({
  item: happening,
  cursor: z.string().regex(TIMELINE_CURSOR, 'must be a cursor of this list'),
  read: listTimeline,
  view: ({ money: moved, ...row }, principal) => ({
    id: row.id,
    at: row.at.toISOString(),
    source: row.source,
    kind: row.kind,
    text: WORDS[row.source](row),
    actor: row.actor && shownActor(row.actor, principal),
    sequence: moved?.sequence ?? null,
    amount: moved ? formatMoney(moved.amount) : null,
    balanceAfter: moved ? formatMoney(moved.balanceAfter) : null,
    details: row.details,
  }),
  columns: ['at', 'source', 'kind', 'text', 'actor', 'sequence', 'amount', 'balanceAfter', 'details'],
});

type Told = Pick<Happening, 'kind' | 'text' | 'details'>;
const WORDS: Record<Happening['source'], (row: Told) => string> = {
  transaction: ({ text }) => asSentence(text),
  decision: ({ text }) => asSentence(text),
  attempt: triedInWords,
  audit: ({ text }) => asSentence(auditInWords(text)),
};

/** `Visa ending in 4242 was declined: Your card was declined.` */
function triedInWords({ kind, text, details }: Told): string {
  const { brand, last4 } = details as { brand: string | null; last4: string | null };
  const method = brand === null ? 'A payment method' : methodInWords(brand, last4 ?? '');
  if (kind === 'succeeded') return `${method} was charged.`;
  if (kind === 'declined') return `${method} was declined${text === '' ? '.' : `: ${asSentence(text)}`}`;
  return `${method} was tried, and it is not known yet whether it was charged.`;
}
