/** Batches beside the steps: each lives through as many faults as its time takes, and is checked at the end of the campaign. */
import { join } from 'node:path';
import type { Pool } from 'pg';
import { centsToNano } from '../../domain/money';
import { must, type Caller } from '../caller';
import { credit, openOwned } from '../owned';
import { runJob, type EndedJob } from '../batches/jobs';
import { catalogueEntry, MODEL } from '../batches/model';
import { startExecutors, type Kept } from '../batches/processes';
import { checkJobs } from '../batches/verify';
import type { Random } from '../random';
import type { Acknowledged } from './acknowledged';
import { GIVE_UP_MS, type People } from './accounts';
import type { Ballast } from './ballast';
import { patiently } from './patiently';

const CREDIT_CENTS = 100_000;
const ACCOUNTS = ['chaos-batches-1', 'chaos-batches-2'];
const EXECUTORS = 2;

export class Batches {
  private readonly jobs: Promise<EndedJob | Error>[] = [];

  private constructor(
    private readonly callers: ReadonlyMap<string, Caller>,
    private readonly executors: readonly Kept[],
    private readonly pool: Pool,
    private readonly filesDir: string,
  ) {}

  /** With accounts of their own: no job is refused for want of money. */
  static async start(
    ballast: Ballast,
    { admin, serviceKey }: People,
    acknowledged: Acknowledged,
    { pool, seed }: { pool: Pool; seed: number },
  ): Promise<Batches> {
    await must(admin.ask('PUT', `/v1/models/${MODEL}`, { body: catalogueEntry }));
    const callers = new Map<string, Caller>();
    for (const id of ACCOUNTS) {
      const { owner } = await openOwned(admin, ballast.apiUrls, id, GIVE_UP_MS);
      const sequence = await credit(admin, id, CREDIT_CENTS);
      acknowledged.post({ kind: 'adjustment', account: id, sequence, nano: centsToNano(CREDIT_CENTS) });
      callers.set(id, owner);
    }
    const executors = startExecutors({ url: ballast.apiUrls[0]! }, serviceKey, EXECUTORS, seed);
    return new Batches(callers, executors, patient(pool), join(ballast.dataDir, 'files'));
  }

  /** Begins one more job, and does not wait for it. */
  begin(random: Random): void {
    const nth = this.jobs.length + 1;
    const accountId = random.pick(ACCOUNTS);
    const { pool, filesDir } = this;
    const job = runJob({ nth, accountId, caller: this.callers.get(accountId)!, pool, filesDir, random });
    this.jobs.push(job.catch((error: Error) => error));
  }

  get count(): number {
    return this.jobs.length;
  }

  /** Waits until all have ended. Returns what is wrong with their files, charges and reservations, in words. */
  async violations(): Promise<string[]> {
    const outcomes = await Promise.all(this.jobs);
    const wrong = outcomes.filter((one) => one instanceof Error).map((error) => error.message);
    const ended = outcomes.filter((one): one is EndedJob => !(one instanceof Error));
    await checkJobs(ended, this.callers, this.pool, wrong);
    const { rows } = await this.pool.query<{ held: string; tokens: string }>(
      'select sum(held_nano)::text as held, sum(reserved_tokens)::text as tokens from batches',
    );
    const { held, tokens } = rows[0]!;
    if (Number(held) !== 0 || Number(tokens) !== 0) wrong.push(`batches hold ${held} and reserve ${tokens} at the end`);
    return wrong;
  }

  async stop(): Promise<void> {
    await Promise.all(this.executors.map((one) => one.stop()));
  }
}

/** A pool whose statements are tried again while Postgres is away: each may be given twice. */
const patient = (pool: Pool): Pool =>
  ({ query: (...given: [string, unknown[]?]) => patiently(() => pool.query(...given)) }) as unknown as Pool;
