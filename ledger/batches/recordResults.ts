/** Takes results of a job's requests: the first of each is kept, and is billed in the same transaction (L3, L4). */
import { zero, type Nano } from '../../domain/money';
import { lockAccount } from '../accounts/lockAccount';
import { POSITION_COLUMNS, toPosition, type MovedPosition, type PositionRow } from '../accounts/position';
import type { Tx } from '../db';
import { postUsage, type PricedEvent } from '../usage/postUsage';
import { batchEventId } from '../../domain/batchUsage';
import { isLockTimeout } from '../whenFree';
import { toBatch, type Batch, type BatchRow } from './batch';
import { findAnswered } from './findAnswered';
import { isOverdue } from './isOverdue';
import { lockBatch } from './lockBatch';

export type NewResult = {
  customId: string;
  /** `completed`: a 2xx answer; it is billed. */
  outcome: 'completed' | 'failed';
  /** The answer as its line in the output has it, as JSON: `status_code`, `request_id` and `body`; null when there was none. */
  response: string | null;
  /** What went wrong instead, as JSON; null beside a response. */
  error: string | null;
  usage: { inputTokens: number; cachedInputTokens: number; outputTokens: number };
  /** By the job's prices; 0 for what is not billed. */
  cost: Nano;
};
export type RecordedResults =
  | { kind: 'recorded'; batch: Batch; duplicates: number; unknown: string[]; position: MovedPosition | null }
  /** Its results can't be taken any more: they are final. `late`: those of requests that had none when it ended. */
  | { kind: 'job_ended'; duplicates: number; late: NewResult[] };

type OpenRow = { line: number; custom_id: string; tokens: bigint; held_nano: bigint; done: boolean };

/**
 * Locks the job first and the account only after the answers are written down: usage does not wait for these.
 * Gives back what the requests have reserved and deducts what they cost, by one ledger line. What costs more than its
 * estimate first uses what the job holds besides; what that can't cover comes from the balance.
 */
export async function recordResults(
  tx: Tx,
  { batchId, results, nowMs }: { batchId: string; results: readonly NewResult[]; nowMs: number },
): Promise<RecordedResults> {
  const batch = await lockBatch(tx, batchId);
  if (batch.closed || batch.status === 'validating' || (await isOverdue(tx, batchId)))
    return endedFor(tx, batchId, results);

  const rows = await readRequests(tx, batchId, results);
  const fresh = new Map<number, NewResult>();
  const unknown: string[] = [];
  let duplicates = 0;
  for (const result of results) {
    const row = rows.get(result.customId);
    if (!row) unknown.push(result.customId);
    else if (row.done || fresh.has(row.line)) duplicates += 1;
    else fresh.set(row.line, result);
  }
  if (fresh.size === 0) return { kind: 'recorded', batch, duplicates, unknown, position: null };

  const reserved = [...rows.values()].filter(({ line }) => fresh.has(line));
  await writeOutcomes(tx, batchId, fresh);
  const { batch: changed, released } = await count(tx, batch, [...fresh.values()], reserved);
  const position = await move(tx, batch.accountId, released, toEvents(batch, fresh, nowMs));
  return { kind: 'recorded', batch: changed, duplicates, unknown, position };
}

/** A repeat of what was taken in time is a duplicate, as it was before the end: it was billed, so nobody has to look at it. */
async function endedFor(tx: Tx, batchId: string, results: readonly NewResult[]): Promise<RecordedResults> {
  const answered = await findAnswered(
    tx,
    batchId,
    results.map(({ customId }) => customId),
  );
  const late = results.filter(({ customId }) => !answered.has(customId));
  return { kind: 'job_ended', duplicates: results.length - late.length, late };
}

async function readRequests(tx: Tx, batchId: string, results: readonly NewResult[]): Promise<Map<string, OpenRow>> {
  const { rows } = await tx.query<OpenRow>(
    `select line, custom_id, tokens, held_nano, outcome is not null as done from batch_requests
     where batch_id = $1 and custom_id = any($2)`,
    [batchId, results.map(({ customId }) => customId)],
  );
  return new Map(rows.map((row) => [row.custom_id, row]));
}

async function writeOutcomes(tx: Tx, batchId: string, fresh: ReadonlyMap<number, NewResult>): Promise<void> {
  const results = [...fresh.values()];
  await tx.query(
    `update batch_requests r set outcome = n.outcome, response = n.response, error = n.error, leased_until = null
     from unnest($2::int[], $3::text[], $4::text[], $5::text[]) as n(line, outcome, response, error)
     where r.batch_id = $1 and r.line = n.line`,
    [
      batchId,
      [...fresh.keys()],
      results.map(({ outcome }) => outcome),
      results.map(({ response }) => response),
      results.map(({ error }) => error),
    ],
  );
}

/** Counts the results in the job, which reserves no more what their requests have; answers how much money that is. */
async function count(
  tx: Tx,
  batch: Batch,
  results: readonly NewResult[],
  reserved: readonly OpenRow[],
): Promise<{ batch: Batch; released: Nano }> {
  const sum = <T>(items: readonly T[], of: (item: T) => number): number => items.reduce((all, one) => all + of(one), 0);
  const charged = results.reduce((all, { cost }) => all + cost, 0n);
  const estimated = reserved.reduce((all, { held_nano: held }) => all + held, 0n);
  const released = least(batch.held, charged > estimated ? charged : estimated);
  const { rows } = await tx.query<BatchRow>(
    `update batches set completed = completed + $2, failed = failed + $3, reserved_tokens = greatest(0, reserved_tokens - $4),
       held_nano = held_nano - $5, charged_nano = charged_nano + $6, overran = overran or $11, input_tokens = input_tokens + $7,
       cached_input_tokens = cached_input_tokens + $8, output_tokens = output_tokens + $9,
       unseen = unseen or completed + failed + $10 = requests,
       start_at = case when completed + failed + $10 = requests then clock_timestamp() else start_at end
     where id = $1 returning *`,
    [
      batch.id,
      sum(results, ({ outcome }) => Number(outcome === 'completed')),
      sum(results, ({ outcome }) => Number(outcome === 'failed')),
      sum(reserved, ({ tokens }) => Number(tokens)),
      released.toString(),
      charged.toString(),
      sum(results, ({ usage }) => usage.inputTokens),
      sum(results, ({ usage }) => usage.cachedInputTokens),
      sum(results, ({ usage }) => usage.outputTokens),
      results.length,
      charged > estimated,
    ],
  );
  return { batch: toBatch(rows[0]!), released: released as Nano };
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/**
 * Gives the account back what was released and deducts what is billed, in one update: its available money moves once, and
 * owners hear of no suspension that never was. It is locked last: its usage waits for that lock, and who holds it may
 * have to wait for the processor.
 */
async function move(tx: Tx, accountId: string, released: Nano, events: readonly PricedEvent[]): Promise<MovedPosition> {
  if (events.length > 0) return postPatiently(tx, accountId, released, events);
  const { rows } = await tx.query<PositionRow>(
    `update balances set held_nano = held_nano - $2 where account_id = $1 returning ${POSITION_COLUMNS}`,
    [accountId, released.toString()],
  );
  return toPosition(rows[0]!);
}

/**
 * `post_usage` waits for the account for a second, and only then is it waited for some seconds more, with the account's lock
 * held over one more round trip: else executors would have to send all answers again.
 */
async function postPatiently(
  tx: Tx,
  accountId: string,
  released: Nano,
  events: readonly PricedEvent[],
): Promise<MovedPosition> {
  await tx.query('savepoint unbilled');
  try {
    return await postUnder(tx, events, released, 2);
  } catch (error) {
    if (!isLockTimeout(error)) throw error;
    await tx.query(`rollback to savepoint unbilled; set local lock_timeout = ${ACCOUNT_WAIT_MS}`);
    await lockAccount(tx, accountId);
    return postUnder(tx, events, released, 2);
  }
}

/** Of the results that are billed. */
const toEvents = (
  { id, accountId, model }: Batch,
  fresh: ReadonlyMap<number, NewResult>,
  nowMs: number,
): PricedEvent[] =>
  [...fresh].flatMap(([line, { outcome, usage, cost }]): PricedEvent[] =>
    outcome === 'failed'
      ? []
      : [
          {
            ...usage,
            id: batchEventId(id, line),
            accountId,
            model,
            images: 0,
            imageSize: null,
            atMs: nowMs,
            holdId: null,
            kind: 'batch',
            cost,
          },
        ],
  );

/** Whoever waits has the job's lock and one of few connections. */
const ACCOUNT_WAIT_MS = 5_000;

/** More than one foreign event under a request's id takes somebody who means it. */
const NTH_MAX = 20;

/**
 * The requests were open under the job's lock, so none of these events is posted yet. If an event of somebody else has an
 * id of ours, from before such ids were reserved, the request's own is posted under the next one: no use is left out.
 */
async function postUnder(tx: Tx, events: readonly PricedEvent[], released: Nano, nth: number): Promise<MovedPosition> {
  const { accountId } = events[0]!;
  const { positions, notPosted } = await postUsage(tx, events, new Map([[accountId, released]]));
  const position = positions.get(accountId)!;
  if (notPosted.size === 0) return position;
  if (nth > NTH_MAX || [...notPosted.values()].some((why) => why !== 'duplicate' && why !== 'event_conflict'))
    throw new Error(`usage of a batch was not posted: ${[...notPosted.values()].join(', ')}`);
  const again = [...notPosted.keys()].map((place) => ({ ...events[place]!, id: `${events[place]!.id}/${nth}` }));
  // It was freed with the events that are posted, if any is.
  return postUnder(tx, again, again.length < events.length ? zero : released, nth + 1);
}
