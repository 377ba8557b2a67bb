/** What has happened to an account, to be read: transactions, decisions, audit, reloads, notices. */
import { z } from 'zod';
import { notFound } from '../../domain/errors';
import { formatCents, formatMoney } from '../../domain/money';
import { asSentence } from '../../domain/words';
import { listAudit } from '../../ledger/audit/listAudit';
import type { Db } from '../../ledger/db';
import { listDecisions } from '../../ledger/decisions/listDecisions';
import { listNotices } from '../../ledger/notices/listNotices';
import { listReloads } from '../../ledger/reloads/listReloads';
import { listTransactions } from '../../ledger/transactions/listTransactions';
import { readTransaction } from '../../ledger/transactions/readTransaction';
import type { Page, PageRequest } from '../../ledger/page';
import { accountExists } from '../../ledger/accounts/accountExists';
import { findArchiveOfLine } from '../../ledger/usage/findArchiveOfLine';
import { listUsageOfLine } from '../../ledger/usage/listUsageOfLine';
import { ok } from '../http/endpoint';
import { accountId, cursorOf, id, listOf, money, ofAccount, pageQuery, time, transactionView } from '../http/schemas';
import { toList, viewTransaction } from './views';
import { endpoint } from '../services';

/** A list of an account, whose rows are shown by `view`. An account that does not exist has no list: 404. */
const recordsOf = <T, View extends z.ZodType>(
  item: View,
  cursor: z.ZodType<string>,
  read: (db: Db, accountId: string, page: PageRequest) => Promise<Page<T>>,
  view: (row: T) => z.input<View>,
) =>
  endpoint({
    params: ofAccount,
    query: pageQuery(cursor),
    replies: { 200: listOf(item) },
    uses: ['pool'],
    async handle({ params, query }, { pool }) {
      const page = await read(pool, params.id, { limit: query.limit, after: query.cursor ?? null });
      if (page.data.length === 0 && !(await accountExists(pool, params.id))) throw notFound(`account ${params.id}`);
      return ok(toList(page, view));
    },
  });

export const transactions = recordsOf(transactionView, cursorOf.number, listTransactions, viewTransaction);

const decision = z.strictObject({
  at: time,
  kind: z.string(),
  rule: z.string(),
  because: z.string(),
  known: z.record(z.string(), z.unknown()),
});
export const decisions = recordsOf(decision, cursorOf.number, listDecisions, (row) => ({
  ...row,
  because: asSentence(row.because),
  at: row.at.toISOString(),
}));

const auditEntry = z.strictObject({
  at: time,
  actor: z.string(),
  action: z.string(),
  details: z.record(z.string(), z.unknown()),
});
export const audit = recordsOf(auditEntry, cursorOf.number, listAudit, (row) => ({ ...row, at: row.at.toISOString() }));

const attempt = z.strictObject({
  attempt: z.number().int(),
  at: time,
  method: z.string(),
  role: z.string().nullable(),
  outcome: z.enum(['succeeded', 'declined', 'unknown']),
  declineCode: z.string().nullable(),
});
const reload = z.strictObject({
  number: z.number().int(),
  amount: money,
  status: z.enum(['charging', 'waiting', 'unknown', 'succeeded', 'failed', 'canceled']),
  because: z.string().nullable(),
  at: time,
  attempts: z.array(attempt),
});
export const reloads = recordsOf(reload, cursorOf.number, listReloads, ({ cents, at, ...row }) => ({
  ...row,
  amount: formatCents(cents),
  at: at.toISOString(),
}));

const delivery = z.strictObject({
  to: z.string(),
  status: z.enum(['pending', 'sent', 'delivered', 'failed', 'folded']),
  attempts: z.number().int(),
});
const notice = z.strictObject({
  kind: z.string(),
  at: time,
  data: z.record(z.string(), z.unknown()),
  deliveries: z.array(delivery),
});
export const notices = recordsOf(
  notice,
  cursorOf.uuid,
  listNotices,
  (row) => ({ ...row, at: row.at.toISOString() }) as z.input<typeof notice>,
);

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
  uses: ['pool'],
  async handle({ params, query: { limit, cursor } }, { pool }) {
    if (!(await readTransaction(pool, params.id, params.sequence)))
      throw notFound(`transaction ${params.sequence} of account ${params.id}`);
    const page = await listUsageOfLine(pool, params.id, params.sequence, { limit, after: cursor ?? null });
    const archived =
      page.data.length === 0 && cursor === undefined ? await findArchiveOfLine(pool, params.id, params.sequence) : null;
    return ok({
      ...toList(page, ({ at, cost, posting: _, ...event }) => ({
        ...event,
        at: at.toISOString(),
        cost: formatMoney(cost),
      })),
      ...(archived !== null && { archived }),
    });
  },
});
