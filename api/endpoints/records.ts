/** What has happened to an account, to be read: transactions, decisions, audit, reloads, notices. */
import { z } from 'zod';
import { auditInWords } from '../../domain/audit';
import { notFound } from '../../domain/errors';
import { formatCents, formatMoney } from '../../domain/money';
import { asSentence } from '../../domain/words';
import { listAudit } from '../../ledger/audit/listAudit';
import { listDecisions } from '../../ledger/decisions/listDecisions';
import { toldOf } from '../../notices/told';
import { listNotices } from '../../ledger/notices/listNotices';
import { listTakenBack } from '../../ledger/payments/listTakenBack';
import { listReloads } from '../../ledger/reloads/listReloads';
import { listTransactions } from '../../ledger/transactions/listTransactions';
import { readTransaction } from '../../ledger/transactions/readTransaction';
import { findArchiveOfLine } from '../../ledger/usage/findArchiveOfLine';
import type { PostedEvent } from '../../ledger/usage/postedEvent';
import type { PageRequest } from '../../ledger/page';
import { CSV_PAGE_ROWS, csvReply, prefersCsv } from '../http/csvStream';
import { listUsageOfLine } from '../../ledger/usage/listUsageOfLine';
import { ok } from '../http/endpoint';
import { accountId, cursorOf, date, id, listOf, money, pageQuery, time, transactionView } from '../http/schemas';
import { accountList } from './accountList';
import { toList, viewTransaction } from './views';
import { endpoint } from '../services';
import { shownActor } from './shownActor';

/** By UTC days, both inclusive. */
const days = { from: date.optional(), to: date.optional() };
const kinds = z.string().transform((value, context): string[] => {
  const known: readonly string[] = transactionView.shape.kind.options;
  const parts = value.split(',');
  if (parts.every((part) => known.includes(part))) return parts;
  context.addIssue(`must be any of ${known.join(',')}, separated by commas`);
  return z.NEVER;
});

export const transactions = accountList({
  item: transactionView,
  cursor: cursorOf.number,
  filter: { kind: kinds.optional(), ...days },
  read: (db, accountId, page, { kind = null, from = null, to = null }) =>
    listTransactions(db, accountId, page, { kinds: kind, from, to }),
  view: viewTransaction,
  columns: ['sequence', 'at', 'kind', 'amount', 'balanceAfter', 'description', 'reference', 'receiptUrl'],
});

const number = z.coerce.number().int().min(1).max(2_147_483_647);

const decision = z.strictObject({
  at: time,
  kind: z.string(),
  rule: z.string(),
  because: z.string(),
  known: z.record(z.string(), z.unknown()),
});
export const decisions = accountList({
  item: decision,
  cursor: cursorOf.number,
  // Those about one reload, by its number; or about the payment behind one transaction, by its sequence.
  filter: { reload: number.optional(), transaction: number.optional() },
  read: listDecisions,
  view: (row) => ({ ...row, because: asSentence(row.because), at: row.at.toISOString() }),
  columns: ['at', 'kind', 'rule', 'because'],
});

const auditEntry = z.strictObject({
  at: time,
  actor: z.string(),
  action: z.string(),
  text: z.string().meta({ description: 'What was done, in words.' }),
  details: z.record(z.string(), z.unknown()),
});
export const audit = accountList({
  item: auditEntry,
  cursor: cursorOf.number,
  read: listAudit,
  view: (row, principal) => ({
    ...row,
    actor: shownActor(row.actor, principal),
    text: asSentence(auditInWords(row.action)),
    at: row.at.toISOString(),
  }),
  columns: ['at', 'actor', 'action', 'text', 'details'],
});

const attempt = z.strictObject({
  attempt: z.number().int(),
  at: time,
  method: z.string(),
  role: z.string().nullable(),
  outcome: z.enum(['succeeded', 'declined', 'unknown']),
  declineCode: z.string().nullable(),
  declineMessage: z.string().nullable(),
  brand: z.string().nullable(),
  last4: z.string().nullable(),
  expMonth: z.number().int().nullable(),
  expYear: z.number().int().nullable(),
});
const reload = z.strictObject({
  number: z.number().int(),
  amount: money,
  refunded: money,
  status: z.enum(['charging', 'waiting', 'unknown', 'succeeded', 'failed', 'canceled']),
  because: z.string().nullable(),
  at: time,
  attempts: z.array(attempt),
});
export const reloads = accountList({
  item: reload,
  cursor: cursorOf.number,
  async read(db, accountId, page) {
    const found = await listReloads(db, accountId, page);
    const taken = await listTakenBack(
      db,
      found.data.map(({ id: reloadId }) => ({ purpose: 'reload', id: reloadId })),
    );
    return {
      ...found,
      data: found.data.map((one) => ({ ...one, refundedCents: taken.get(one.id)?.refundedCents ?? 0 })),
    };
  },
  view: ({ number: no, cents, refundedCents, status, because, at, attempts }) => ({
    number: no,
    amount: formatCents(cents),
    refunded: formatCents(refundedCents),
    status,
    because,
    at: at.toISOString(),
    attempts,
  }),
  columns: ['number', 'at', 'amount', 'refunded', 'status', 'because', 'attempts'],
});

const delivery = z.strictObject({
  to: z.string(),
  channel: z.enum(['mail', 'webhook']),
  status: z.enum(['pending', 'sent', 'delivered', 'failed', 'folded']),
  attempts: z.number().int(),
  at: time.nullable().meta({ description: 'When it arrived or was given up, as far as that is known.' }),
});
const notice = z.strictObject({
  id: z.uuid(),
  kind: z.string(),
  at: time,
  subject: z.string().nullable().meta({ description: 'As its mail said it; null for a kind of another release.' }),
  text: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
  deliveries: z.array(delivery),
});
export const notices = accountList({
  item: notice,
  cursor: cursorOf.uuid,
  read: listNotices,
  view: ({ at, ...row }) =>
    ({
      ...row,
      at: at.toISOString(),
      subject: null,
      text: null,
      ...toldOf(row.kind, row.data),
    }) as z.input<typeof notice>,
  columns: ['at', 'kind', 'data', 'deliveries', 'subject', 'text'],
});

const postedEvent = z.strictObject({
  id,
  model: z.string(),
  inputTokens: z.number().int(),
  cachedInputTokens: z.number().int(),
  outputTokens: z.number().int(),
  images: z.number().int(),
  imageSize: z.string().nullable(),
  kind: z.enum(['text', 'image', 'batch']),
  at: time,
  cost: money,
});

export const usageOfTransaction = endpoint({
  params: z.strictObject({ id: accountId, sequence: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) }),
  query: pageQuery(id),
  // `archived`: the file that the usage behind this line has left for (B8); then the list is empty.
  replies: { 200: listOf(postedEvent).extend({ archived: z.string().optional() }) },
  texts: { 200: ['text/csv'] },
  uses: ['pool'],
  async handle({ params: { id: accountId, sequence }, query: { limit, cursor = null }, header }, { pool }) {
    if (!(await readTransaction(pool, accountId, sequence)))
      throw notFound(`transaction ${sequence} of account ${accountId}`);
    const read = async (page: PageRequest) => toList(await listUsageOfLine(pool, accountId, sequence, page), viewEvent);
    if (prefersCsv(header('accept')))
      return csvReply(EVENT_COLUMNS, (next) => read({ limit: CSV_PAGE_ROWS, after: next ?? cursor }));
    const page = await read({ limit, after: cursor });
    const archived =
      page.data.length === 0 && cursor === null ? await findArchiveOfLine(pool, accountId, sequence) : null;
    return ok({ ...page, ...(archived !== null && { archived }) });
  },
});

const EVENT_COLUMNS = Object.keys(postedEvent.shape);

const viewEvent = ({ at, cost, posting: _, ...event }: PostedEvent): z.input<typeof postedEvent> => ({
  ...event,
  at: at.toISOString(),
  cost: formatMoney(cost),
});
