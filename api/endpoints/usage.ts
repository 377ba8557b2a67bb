/** Usage: reported by inference services, summed for owners, and what was not taken for admins. */
import { z } from 'zod';
import { notFound, Problem } from '../../domain/errors';
import { formatMoney, nano } from '../../domain/money';
import { COUNT_MAX, REJECTION_CODES } from '../../domain/usageEvent';

import { accountExists } from '../../ledger/accounts/accountExists';
import { listRejectedUsage } from '../../ledger/usage/listRejectedUsage';
import { readUsage, type UsageGroup, type UsageRow } from '../../ledger/usage/readUsage';
import { toCsv } from '../http/csv';
import { ok } from '../http/endpoint';
import { listReply, prefersCsv } from '../http/csvStream';
import { cursorOf, date, gate, id, listOf, money, ofAccount, pageQuery, time } from '../http/schemas';
import { accountList } from './accountList';
import { toList } from './views';
import { endpoint } from '../services';

export const EVENTS_MAX = 5_000;
/** 5,000 events with the longest ids, and some room. */
export const EVENTS_BYTES_MAX = 8 * 1024 * 1024;

const count = z.number().int().min(0).max(COUNT_MAX).nullish();
export const usageEvent = z
  .strictObject({
    id,
    accountId: z.string(),
    model: id,
    inputTokens: count,
    cachedInputTokens: count,
    outputTokens: count,
    images: count,
    imageSize: z.string().nullish(),
    at: time.nullish(),
    holdId: z.string().nullish(),
  })
  .meta({ id: 'UsageEvent' });

export const rejectionCode = z.enum(REJECTION_CODES);

export const report = endpoint({
  body: {
    schema: z.strictObject({ events: z.array(usageEvent).min(1).max(EVENTS_MAX) }),
    linesAs: 'events',
    bytesMax: EVENTS_BYTES_MAX,
    unchecked: true,
  },
  replies: {
    200: z.strictObject({
      accepted: z.number().int(),
      duplicates: z.number().int(),
      rejected: z.array(
        z.strictObject({ index: z.number().int(), id: z.string(), code: rejectionCode, message: z.string() }),
      ),
      gates: z.record(z.string(), gate),
      epoch: z.string().optional(),
    }),
  },
  uses: ['posting'],
  refusals: ['too_many_requests'],
  async handle({ body }, { posting }) {
    const { gates, ...counts } = await posting.report(eventsOf(body));
    // The gates are JSON already: for a thousand accounts, building and writing them again costs more than all else here.
    return { status: 200, json: `${JSON.stringify(counts).slice(0, -1)},"gates":${gates}}` };
  },
});

/** The envelope only: whatever is wrong inside an event rejects that event. */
export function eventsOf(body: unknown): unknown[] {
  const envelope =
    typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : {};
  const extra = Object.keys(envelope).find((field) => field !== 'events');
  if (extra !== undefined) throw wrong('', `there is no field ${JSON.stringify(extra.slice(0, 40))}`);
  const { events } = envelope;
  if (!Array.isArray(events) || events.length === 0)
    throw wrong('events', `must be a list of 1 to ${EVENTS_MAX} events`);
  if (events.length > EVENTS_MAX)
    throw new Problem('too_large', `A request may have at most ${EVENTS_MAX} events; this one has ${events.length}.`);
  return events;
}

const wrong = (path: string, message: string) =>
  new Problem('invalid_request', `${path || 'body'}: ${message}`, { errors: [{ path, message }] });

const groups = z.string().transform((value, context): UsageGroup[] => {
  const parts = value.split(',');
  const wrong = parts.find((part) => part !== 'day' && part !== 'model' && part !== 'kind');
  if (wrong === undefined && new Set(parts).size === parts.length) return parts as UsageGroup[];
  context.addIssue('must be any of day,model,kind, each once, separated by commas');
  return z.NEVER;
});

const row = z.strictObject({
  day: z.iso.date().optional(),
  model: z.string().optional(),
  kind: z.enum(['text', 'image', 'batch']).optional(),
  requests: z.number().int(),
  inputTokens: z.number().int(),
  outputTokens: z.number().int(),
  images: z.number().int(),
  cost: money,
});

export const read = endpoint({
  params: ofAccount,
  query: z.strictObject({ from: date.optional(), to: date.optional(), groupBy: groups.optional() }),
  replies: { 200: z.strictObject({ rows: z.array(row), total: money }) },
  uses: ['pool'],
  texts: { 200: ['text/csv'] },
  async handle({ params: { id }, query: { from = null, to = null, groupBy = [] }, header }, { pool }) {
    const found = await readUsage(pool, id, { from, to }, groupBy);
    if (!(await accountExists(pool, id))) throw notFound(`account ${id}`);
    const rows = found.map(({ cost, ...rest }) => ({ ...rest, cost: formatMoney(cost) }));
    if (prefersCsv(header('accept'))) {
      const columns = [...groupBy, 'requests', 'inputTokens', 'outputTokens', 'images', 'cost'] as const;
      return ok(toCsv(columns, rows), { 'Content-Type': 'text/csv; charset=utf-8' });
    }
    return ok({ rows, total: formatMoney(totalOf(found)) });
  },
});

const totalOf = (rows: readonly UsageRow[]) => nano(rows.reduce((sum, { cost }) => sum + cost, 0n));

export const rejected = accountList({
  item: z.strictObject({ id: z.string(), code: rejectionCode, message: z.string(), event: z.unknown(), at: time }),
  cursor: cursorOf.number,
  read: listRejectedUsage,
  view: ({ id, code, message, event, at }) => ({ id, code, message, event, at: at.toISOString() }),
  columns: ['at', 'id', 'code', 'message', 'event'],
});

const rejectedOfAny = z
  .strictObject({
    number: z.number().int(),
    accountId: z.string(),
    id: z.string(),
    code: rejectionCode,
    message: z.string(),
    event: z.unknown(),
    at: time,
  })
  .meta({ id: 'RejectedUsage' });

const REJECTED_COLUMNS = ['number', 'at', 'accountId', 'id', 'code', 'message', 'event'];

/** Of accounts that nobody knows, too: their events may be money, and no account's own list has them. */
export const rejectedOfAll = endpoint({
  query: pageQuery(cursorOf.number).extend({ account: z.string().max(200).optional() }),
  replies: { 200: listOf(rejectedOfAny) },
  texts: { 200: ['text/csv'] },
  uses: ['pool'],
  handle: ({ query: { limit, cursor, account = null }, header }, { pool }) =>
    listReply({ limit, cursor, accept: header('accept') }, REJECTED_COLUMNS, async (page) =>
      toList(await listRejectedUsage(pool, account, page), (one) => ({ ...one, at: one.at.toISOString() })),
    ),
});
