/** Carries the checks out: in one snapshot that nothing is written in, range by range, so that no database is too large for it. */
import type { Client } from 'pg';
import { batchChecks } from './batches';
import type { Check, Division } from './check';
import { gateChecks } from './gates';
import { moneyChecks } from './money';
import { paymentChecks } from './payments';
import { reservationChecks } from './reservations';
import { usageChecks } from './usage';

export type Difference = { place: string; detail: string };
export type Result = {
  invariant: string;
  /** Rows that were looked at. */
  checked: number;
  /** How many of them are wrong. */
  differences: number;
  /** The first of those. */
  first: Difference[];
};

export type VerifyOptions = {
  /** How late a loop may be that ends what is over, in seconds. */
  graceSeconds: number;
  /** The deployment's LOW_BALANCE, in cents. @default 500 */
  lowLevelCents?: number;
  /** The number of the one invariant to look at, such as `6.1`. @default all */
  only?: string | undefined;
  accountsPerRange?: number;
  eventsPerRange?: number;
  /** Told of each range that was looked at. */
  onProgress?: (invariant: string, done: number, ranges: number) => void;
};

/** So many wrong rows are named for each invariant. */
export const FIRST_MAX = 5;
const ACCOUNTS_PER_RANGE = 5_000;
const EVENTS_PER_RANGE = 500_000;
const KEY_MIN = -(2n ** 63n);

type Bound = string | null;
type Range = [from: Bound, to: Bound];

export const allChecks = ({ graceSeconds, lowLevelCents = 500 }: VerifyOptions): Check[] =>
  [
    ...moneyChecks,
    ...usageChecks,
    ...paymentChecks,
    ...gateChecks(lowLevelCents),
    ...batchChecks,
    ...reservationChecks(graceSeconds),
  ].toSorted((one, other) => (one.invariant < other.invariant ? -1 : 1));

/** What whoever makes or drops a month of usage holds (`create_usage_month`). */
const MONTHS_LOCK = 7_225_581;

/**
 * Begins the snapshot in which all is looked at. Whoever begins it ends it, and the connection. A month of usage that left
 * for the archive after the snapshot was taken would be in neither: none leaves until then, and whoever wants to drop one
 * tries again, with nobody waiting behind it.
 */
export async function beginSnapshot(client: Client): Promise<void> {
  await client.query('select pg_advisory_lock_shared($1)', [MONTHS_LOCK]);
  await client.query('begin isolation level repeatable read, read only');
  // It takes no view yet. On a replica the lock above keeps nobody: this one does.
  await client.query('lock table usage_events in access share mode');
}

/** All checks over all ranges, in the caller's snapshot. One connection at a time: a database in use has other work, too. */
export async function verify(client: Client, options: VerifyOptions): Promise<Result[]> {
  const ranges = await divide(client, options);
  const results: Result[] = [];
  const { only } = options;
  for (const check of allChecks(options)) {
    if (only !== undefined && !check.invariant.startsWith(`${only} `)) continue;
    const result: Result = { invariant: check.invariant, checked: 0, differences: 0, first: [] };
    for (const [done, range] of ranges[check.division].entries()) {
      await look(client, check, range, result);
      options.onProgress?.(check.invariant, done + 1, ranges[check.division].length);
    }
    results.push(result);
  }
  return results;
}

async function look(client: Client, { rows, division }: Check, range: Range, result: Result): Promise<void> {
  const values = division === 'once' ? [] : range;
  const { rows: counted } = await client.query<{ checked: string; differences: string }>(
    `select count(*)::text as checked, (count(*) filter (where wrong is not false))::text as differences from (${rows}) looked`,
    values,
  );
  result.checked += Number(counted[0]!.checked);
  const differences = Number(counted[0]!.differences);
  result.differences += differences;
  const room = FIRST_MAX - result.first.length;
  if (differences === 0 || room === 0) return;
  const { rows: wrong } = await client.query<Difference>(
    `select place, detail from (${rows}) looked where wrong is not false order by place, detail limit ${room}`,
    values,
  );
  result.first.push(...wrong);
}

async function divide(client: Client, options: VerifyOptions): Promise<Record<Division, Range[]>> {
  const { accountsPerRange = ACCOUNTS_PER_RANGE, eventsPerRange = EVENTS_PER_RANGE } = options;
  const { rows } = await client.query<{ events: string; first: string | null; last: string | null }>(
    `select (select greatest(sum(c.reltuples), 0)::bigint::text from pg_inherits i join pg_class c on c.oid = i.inhrelid
         where i.inhparent = 'usage_events'::regclass) as events,
       min(posting)::text as first, max(posting)::text as last from usage_events`,
  );
  const { events, first, last } = rows[0]!;
  const parts = BigInt(Math.max(1, Math.ceil(Number(events) / eventsPerRange)));
  return {
    accounts: await accountRanges(client, accountsPerRange),
    postings: first === null || last === null ? [] : split(BigInt(first), BigInt(last), parts),
    keys: split(KEY_MIN, -KEY_MIN - 1n, parts),
    once: [[null, null]],
  };
}

/** The outer ends are open: what belongs to no account at all is looked at, too. */
async function accountRanges(client: Client, perRange: number): Promise<Range[]> {
  const { rows } = await client.query<{ id: string }>(
    `select account_id as id from (select account_id, row_number() over (order by account_id) as place from balances) b
     where place % $1 = 0 order by account_id`,
    [perRange],
  );
  const bounds: Bound[] = [null, ...rows.map(({ id }) => id), null];
  return bounds.slice(1).map((to, index) => [bounds[index]!, to]);
}

/** Whole numbers from `first` to `last`, both included, in so many parts at most. */
function split(first: bigint, last: bigint, parts: bigint): Range[] {
  const width = (last - first) / parts + 1n;
  const ranges: Range[] = [];
  for (let from = first; from <= last; from += width) {
    const to = from + width - 1n;
    ranges.push([String(from), String(to < last ? to : last)]);
  }
  return ranges;
}
