/** What must be true when all jobs have ended, checked against what the campaign itself knows. */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { MARKER } from '../../batches/storeMarker';
import { findViolations } from '../../ledger/transactions/findViolations';
import { expect, type Caller } from '../caller';
import type { EndedJob, Fate } from './jobs';
import { costOf, outcomeOf } from './model';

export type Verdict = {
  /** In plain words; none: all is as it must be. */
  faults: string[];
  /** In nano-dollars. */
  charged: bigint;
  billed: number;
  held: bigint;
  reservedTokens: bigint;
  bytesLeft: string[];
};

/** How a job may have ended: it may be done before it is cancelled, or its time is over. */
const MAY_END: Record<Fate, readonly string[]> = {
  complete: ['completed'],
  cancel: ['completed', 'cancelled'],
  expire: ['completed', 'expired'],
  fail: ['failed'],
  'lose its input': ['completed', 'failed'],
};

type Line = { custom_id: string; response: { status_code: number } | null; error: { code: string } | null };

/** Checks one job's files, and answers what it must have cost. */
async function checkJob(job: EndedJob, caller: Caller, faults: string[]): Promise<{ cost: bigint; billed: number }> {
  const wrong = (what: string): void => void faults.push(`${job.id} (to ${job.fate}, ${job.status}): ${what}`);
  const read = async (fileId: string | null): Promise<Line[]> =>
    fileId === null
      ? []
      : (await caller.text(`/v1/files/${fileId}/content`))
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Line);
  if (!MAY_END[job.fate].includes(job.status)) wrong('it has ended in another way than it may');
  const [output, errors] = [await read(job.outputFileId), await read(job.errorFileId)];
  const place = new Map(job.customIds.map((id, line) => [id, line]));
  for (const lines of [output, errors])
    if (lines.some((line, at) => at > 0 && place.get(line.custom_id)! <= place.get(lines[at - 1]!.custom_id)!))
      wrong("its lines are not in the input's order");
  const all = [...output, ...errors].map(({ custom_id: id }) => id);
  const expected = job.status === 'failed' ? [] : job.customIds;
  if (all.toSorted().join() !== expected.toSorted().join())
    wrong(`its files have ${all.length} of ${expected.length} lines`);
  for (const { custom_id: id, response } of output)
    if (outcomeOf(id) !== 'answered' || response?.status_code !== 200) wrong(`${id} is no answer, but in the output`);
  for (const { custom_id: id, error, response } of errors)
    if (outcomeOf(id) === 'answered' && !UNFINISHED.includes(error?.code ?? ''))
      wrong(`${id} has the error ${JSON.stringify(error ?? response)}`);
  return { cost: output.reduce((sum, { custom_id: id }) => sum + costOf(id), 0n), billed: output.length };
}
const UNFINISHED = ['batch_expired', 'batch_cancelled', 'input_lost'];

/** Checks each job's files and charge. @param faults to which what is wrong is added. Returns what each account must have spent, in nano-dollars */
export async function checkJobs(
  jobs: readonly EndedJob[],
  callers: ReadonlyMap<string, Caller>,
  pool: Pool,
  faults: string[],
): Promise<{ spent: Map<string, bigint>; billed: number }> {
  const spent = new Map([...callers.keys()].map((account) => [account, 0n]));
  let billed = 0;
  for (const job of jobs) {
    const checked = await checkJob(job, callers.get(job.accountId)!, faults);
    const { rows } = await pool.query<{ charged: bigint }>(
      'select charged_nano as charged from batches where id = $1',
      [job.id],
    );
    if (rows[0]!.charged !== checked.cost)
      faults.push(`${job.id}: charged ${rows[0]!.charged}, must be ${checked.cost}`);
    spent.set(job.accountId, spent.get(job.accountId)! + checked.cost);
    billed += checked.billed;
  }
  return { spent, billed };
}

/** @param credited to each account, in nano-dollars */
export async function verify(
  jobs: readonly EndedJob[],
  callers: ReadonlyMap<string, Caller>,
  pool: Pool,
  credited: bigint,
): Promise<Omit<Verdict, 'bytesLeft'>> {
  const faults = (await findViolations(pool)).map(
    ({ invariant, accountId, detail }) => `${invariant}: ${accountId}: ${detail}`,
  );
  const { spent, billed } = await checkJobs(jobs, callers, pool, faults);
  for (const [account, cost] of spent) {
    const { rows } = await pool.query<{ balance: bigint }>(
      'select balance_nano as balance from balances where account_id = $1',
      [account],
    );
    if (rows[0]!.balance !== credited - cost)
      faults.push(`${account}: balance ${rows[0]!.balance}, must be ${credited - cost}`);
  }
  const { rows } = await pool.query<{ held: bigint; job_held: bigint; tokens: bigint; jobs: bigint }>(
    `select (select sum(held_nano) from balances)::bigint as held, sum(held_nano)::bigint as job_held,
       sum(reserved_tokens)::bigint as tokens, count(*) as jobs from batches`,
  );
  const { held, job_held: jobHeld, tokens, jobs: made } = rows[0]!;
  if (held !== 0n || jobHeld !== 0n) faults.push(`held at the end: ${held} by accounts, ${jobHeld} by jobs`);
  if (tokens !== 0n) faults.push(`reserved at the end: ${tokens} tokens`);
  if (made !== BigInt(jobs.length)) faults.push(`${made} jobs were made of ${jobs.length} calls`);
  return {
    faults,
    charged: [...spent.values()].reduce((sum, cost) => sum + cost, 0n),
    billed,
    held,
    reservedTokens: tokens,
  };
}

/** Deletes all files by the API; answers what is in the store after that, whole or half written, when nothing more goes. */
export async function eraseAll(callers: Iterable<Caller>, filesDir: string, waitMs: number): Promise<string[]> {
  for (const caller of callers)
    for (;;) {
      const { body } = await caller.ask<{ data: { id: string }[]; has_more: boolean }>('GET', '/v1/files?limit=100');
      // Of a repeat after a lost answer there is nothing more to delete.
      for (const { id } of body.data)
        expect(await caller.ask('DELETE', `/v1/files/${id}`), 'a deletion', 200, 'not_found');
      if (!body.has_more) break;
    }
  const startedMs = performance.now();
  for (;;) {
    const left = listStored(filesDir);
    if (left.length === 0 || performance.now() - startedMs > waitMs) return left;
    await sleep(500);
  }
}

/** Files only. A killed writer's go when its reservation ends. */
const listStored = (filesDir: string): string[] =>
  readdirSync(filesDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== MARKER)
    .map(({ name }) => name);
