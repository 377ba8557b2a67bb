/** Hands out requests of a job to an executor, each to one at a time (L4). */
import { lockAccount } from '../accounts/lockAccount';
import { POSITION_COLUMNS, toPosition, type Position, type PositionRow } from '../accounts/position';
import type { Tx } from '../db';
import { LEASED_UNTIL, type Batch } from './batch';
import { lockClaimRoom } from './lockClaimRoom';
import { recordClaims } from './recordClaims';
import { isOverdue } from './isOverdue';
import { lockBatch } from './lockBatch';

export type ClaimedRequest = { line: number; customId: string; offset: number; length: number };
export type Claim = {
  requests: ClaimedRequest[];
  /** The second in which they count in their account's minute; null when there are none. */
  countedAt: Date | null;
  inputFileId: string;
  /** The account's new position, when more of its money had to be held. */
  position: Position | null;
};

type Row = { line: number; custom_id: string; byte_offset: bigint; byte_length: number; held_nano: bigint };

/**
 * At most `limit`, in the file's order; those whose lease has ended are handed out again when all others are. Results above
 * their estimates use up what the job holds: when the rest can't cover a request, more is held, for as many requests as half
 * of what is available covers, or for one; if not for one, none is handed out. Nor are more in a minute than the account's limit lets all its
 * jobs have together. Empty for a job that is not in progress, or whose window has ended. Locks the job, then the account's
 * claims, then the account.
 */
export async function claimRequests(
  tx: Tx,
  { batchId, limit, leaseSeconds }: { batchId: string; limit: number; leaseSeconds: number },
): Promise<Claim> {
  const batch = await lockBatch(tx, batchId);
  const nothing = { requests: [], countedAt: null, inputFileId: batch.inputFileId, position: null };
  if (batch.status !== 'in_progress' || (await isOverdue(tx, batchId))) return nothing;

  // As long as no result was above its estimate, what it holds covers all that is open, in whosever hands it is.
  const free: bigint = batch.overran ? batch.held - (await sumLeased(tx, batchId)) : batch.held;
  const room = await lockClaimRoom(tx, batch.accountId);
  if (room === 0) return nothing;
  const due = await listDue(tx, batchId, Math.min(limit, room));
  const covered = coveredBy(free, due);
  if (covered.length > 0) return { ...nothing, ...(await lease(tx, batch, covered, leaseSeconds)) };
  if (due.length === 0) return nothing;
  const account = await lockAccount(tx, batch.accountId);
  const affordable = account.setReasons.length > 0 ? [] : affordableBy(account.available, free, due);
  if (affordable.length === 0) {
    await putOff(tx, batchId);
    return nothing;
  }
  const position = await holdMore(tx, batch, sumHeld(affordable) - free);
  return { ...nothing, ...(await lease(tx, batch, affordable, leaseSeconds)), position };
}

/** So much is handed out at once, but for one request that is larger. */
const CLAIM_BYTES_MAX = 16 * 1024 * 1024;

/** Executors are sent to other jobs meanwhile: jobs without money must not stand before those that have it. */
const PUT_OFF_SECONDS = 15;

async function putOff(tx: Tx, batchId: string): Promise<void> {
  await tx.query('update batches set unfunded_until = clock_timestamp() + make_interval(secs => $2) where id = $1', [
    batchId,
    PUT_OFF_SECONDS,
  ]);
}

/** What the requests hold that are with an executor now. */
async function sumLeased(tx: Tx, batchId: string): Promise<bigint> {
  const { rows } = await tx.query<{ held: bigint }>(
    `select coalesce(sum(held_nano), 0)::bigint as held from batch_requests
     where batch_id = $1 and outcome is null and ${LEASED_UNTIL} > statement_timestamp()`,
    [batchId],
  );
  return rows[0]!.held;
}

async function listDue(tx: Tx, batchId: string, limit: number): Promise<Row[]> {
  const { rows } = await tx.query<Row>(
    `select line, custom_id, byte_offset, byte_length, held_nano from batch_requests
     where batch_id = $1 and outcome is null and ${LEASED_UNTIL} <= statement_timestamp()
     order by ${LEASED_UNTIL}, line limit $2`,
    [batchId, limit],
  );
  return rows;
}

/** The first of them that the money covers together. */
function coveredBy(money: bigint, due: readonly Row[]): Row[] {
  let left = money;
  const covered: Row[] = [];
  let bytes = 0;
  for (const row of due) {
    if (row.held_nano > left) break;
    left -= row.held_nano;
    bytes += row.byte_length;
    if (covered.length > 0 && bytes > CLAIM_BYTES_MAX) break;
    covered.push(row);
  }
  return covered;
}

/** The first of them that may be held for together. Each claim leaves half of what it finds available to requests in real time, unless only a single request is handed out. */
function affordableBy(available: bigint, free: bigint, due: readonly Row[]): Row[] {
  // Something must stay available, or the claim itself would suspend the account.
  const spare = available - 1n;
  if (spare <= 0n) return [];
  const several = coveredBy(free + spare / 2n, due);
  return several.length > 0 ? several : coveredBy(free + spare, due.slice(0, 1));
}

const sumHeld = (rows: readonly Row[]): bigint => rows.reduce((sum, row) => sum + row.held_nano, 0n);

async function lease(
  tx: Tx,
  { id, accountId }: Batch,
  rows: readonly Row[],
  leaseSeconds: number,
): Promise<Pick<Claim, 'requests' | 'countedAt'>> {
  const countedAt = await recordClaims(tx, accountId, rows.length);
  await tx.query(
    `update batch_requests set leased_until = clock_timestamp() + make_interval(secs => $3)
     where batch_id = $1 and line = any($2)`,
    [id, rows.map(({ line }) => line), leaseSeconds],
  );
  const requests = rows.map((row) => ({
    line: row.line,
    customId: row.custom_id,
    offset: Number(row.byte_offset),
    length: row.byte_length,
  }));
  return { requests, countedAt };
}

async function holdMore(tx: Tx, { id, accountId }: Batch, amount: bigint): Promise<Position> {
  await tx.query('update batches set held_nano = held_nano + $2 where id = $1', [id, amount.toString()]);
  const { rows } = await tx.query<PositionRow>(
    `update balances set held_nano = held_nano + $2 where account_id = $1 returning ${POSITION_COLUMNS}`,
    [accountId, amount.toString()],
  );
  return toPosition(rows[0]!);
}
