/** The campaign: jobs in parallel, each brought to an end at random, while processes are killed and frozen; then the books. */
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import type { MeasuredBallast } from '../../bench/ballast';
import { centsToNano } from '../../domain/money';
import { openPool } from '../../ledger/db';
import { holds, prove, tableOf } from '../../verify/prove';
import { createCaller, must, type Caller } from '../caller';
import { credit, openOwned } from '../owned';
import { createRandom, type Random } from '../random';
import { startFaults, type FaultOptions } from './faults';
import { runJob, type EndedJob } from './jobs';
import { catalogueEntry, MODEL } from './model';
import { ballastProcesses, startExecutors, startSecondWorker, type Kept } from './processes';
import { eraseAll, verify, type Verdict } from './verify';

export type CampaignOptions = {
  jobs: number;
  seed: number;
  /** Jobs at once. */
  width: number;
  accounts: number;
  executors: number;
  faults: FaultOptions;
  /** How long the store may take to become empty: longer than the longest reservation (`UPLOAD_RESERVED_SECONDS`). */
  eraseMs: number;
  log(line: string): void;
};
export type CampaignResult = Verdict & {
  jobs: EndedJob[];
  requests: number;
  faultCounts: Map<string, number>;
  seconds: number;
};

const CREDIT_CENTS = 100_000;
const PROGRESS_MS = 5_000;

/** @throws when a job does not end, or the API answers what it must not */
export async function runCampaign(ballast: MeasuredBallast, options: CampaignOptions): Promise<CampaignResult> {
  const startedMs = performance.now();
  const random = createRandom(options.seed);
  const admin = createCaller(ballast.url, ballast.adminKey);
  const callers = await prepare(admin, ballast.url, options.accounts);
  const { key } = await must(
    admin.ask<{ key: string }>('POST', '/v1/keys', { body: { role: 'service', name: 'executors' } }),
  );
  const pool = openPool(ballast.databaseUrl, {
    connectionsMax: 4,
    applicationName: 'campaign',
    onIdleError: () => undefined,
  });
  const own: Kept[] = [startSecondWorker(ballast), ...startExecutors(ballast, key, options.executors, options.seed)];
  const faults = startFaults([...ballastProcesses(ballast), ...own], createRandom(options.seed + 1), options.faults);
  const filesDir = join(ballast.dataDir, 'files');
  try {
    const jobs = await runAll({ options, callers, pool, filesDir, random, struck: () => total(faults.counts) });
    await faults.stop();
    await waitUntilErased(pool);
    const checked = await verify(jobs, callers, pool, centsToNano(CREDIT_CENTS));
    const bytesLeft = await eraseAll(callers.values(), filesDir, options.eraseMs);
    const proved = await prove({ databaseUrl: ballast.databaseUrl, graceSeconds: 0 });
    if (!holds(proved)) checked.faults.push(tableOf(proved));
    if (bytesLeft.length > 0) checked.faults.push(`left in the store: ${bytesLeft.join(', ')}`);
    const requests = jobs.reduce((sum, { customIds }) => sum + customIds.length, 0);
    const seconds = (performance.now() - startedMs) / 1_000;
    return { ...checked, bytesLeft, jobs, requests, faultCounts: faults.counts, seconds };
  } finally {
    await faults.stop();
    await Promise.all(own.map((one) => one.stop()));
    await pool.end();
  }
}

const total = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((sum, one) => sum + one, 0);

/** Accounts with money, and a caller for the owner of each. */
async function prepare(admin: Caller, url: string, count: number): Promise<Map<string, Caller>> {
  await must(admin.ask('PUT', `/v1/models/${MODEL}`, { body: catalogueEntry }));
  const callers = new Map<string, Caller>();
  for (let nth = 1; nth <= count; nth++) {
    const { id, owner } = await openOwned(admin, url, `campaign-${nth}`);
    await credit(admin, id, CREDIT_CENTS);
    callers.set(id, owner);
  }
  return callers;
}

async function runAll({
  options,
  callers,
  pool,
  filesDir,
  random,
  struck,
}: {
  options: CampaignOptions;
  callers: ReadonlyMap<string, Caller>;
  pool: Pool;
  filesDir: string;
  random: Random;
  struck: () => number;
}): Promise<EndedJob[]> {
  const ended: EndedJob[] = [];
  const accounts = [...callers.keys()];
  let next = 1;
  const worker = async (): Promise<void> => {
    while (next <= options.jobs) {
      const nth = next++;
      const accountId = random.pick(accounts);
      // Each job draws for itself, so that what it does follows from the seed and not from who was quicker.
      const own = createRandom(options.seed * 100_003 + nth);
      ended.push(await runJob({ nth, accountId, caller: callers.get(accountId)!, pool, filesDir, random: own }));
    }
  };
  const timer = setInterval(
    () => options.log(`${ended.length} of ${options.jobs} jobs ended, ${struck()} faults`),
    PROGRESS_MS,
  );
  try {
    await Promise.all(Array.from({ length: options.width }, worker));
  } finally {
    clearInterval(timer);
  }
  return ended;
}

/** Requests of jobs that have ended leave the database within seconds. */
async function waitUntilErased(pool: Pool): Promise<void> {
  for (const startedMs = performance.now(); performance.now() - startedMs < 60_000; await sleep(200)) {
    const { rows } = await pool.query<{ left: boolean }>('select exists (select from batch_requests) as left');
    if (!rows[0]!.left) return;
  }
  throw new Error('requests of jobs that have ended are still in the database');
}
