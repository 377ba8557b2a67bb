/** What is looked at while the load goes on: each process's memory and handles, Postgres's connections, holds, histories, queues. */
import { readdirSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import type { Pool } from 'pg';
import { OPEN_STATUSES } from '../../ledger/batches/batch';
import { balanceWorkflowId } from '../../workflows/messages';
import { memoryOf } from '../apiProcess';
import type { MeasuredBallast } from '../ballast';
import type { Curve } from './curves';

export type Sampler = {
  readonly curves: readonly Curve[];
  /** Adds a value to each curve. */
  sample(): Promise<void>;
  close(): Promise<void>;
};

const PROCESSES = ['api', 'worker', 'batches', 'batch worker'] as const;
/** A garbage collection more or less. */
const SLACK = { megabytes: 25, handles: 12, connections: 6, rows: 60 };

const COUNTS = `
  select (select count(*) from pg_stat_activity where datname = current_database() and application_name like 'ballast%')::int as connections,
    (select count(*) from holds where status = 'open')::int as holds,
    (select count(*) from batches where status in ${OPEN_STATUSES})::int as jobs,
    (select count(*) from balances where wake)::int as news`;

/** @param watched accounts whose workflows work most */
export async function createSampler(
  ballast: MeasuredBallast,
  pool: Pool,
  watched: readonly string[],
): Promise<Sampler> {
  const connection = await Connection.connect({ address: ballast.temporalAddress });
  const client = new Client({ connection });
  const curve = (name: string, unit: string, slack: number): Curve => ({ name, unit, slack, values: [] });
  const memory = PROCESSES.map((name) => curve(`memory of the ${name}`, 'MB', SLACK.megabytes));
  const handles = PROCESSES.map((name) => curve(`handles of the ${name}`, 'open', SLACK.handles));
  const connections = curve('connections to Postgres', 'open', SLACK.connections);
  const holds = curve('open holds', 'rows', SLACK.rows);
  const jobs = curve('open batch jobs', 'rows', 3);
  const news = curve('accounts with news', 'rows', SLACK.rows);
  // Histories grow until their workflows continue as new: then they must, so the longest has an end.
  const history = curve('longest history', 'events', HISTORY_EVENTS_MAX);
  return {
    curves: [...memory, ...handles, connections, holds, jobs, news, history],
    async sample() {
      PROCESSES.forEach((name, i) => {
        const pid = ballast.pidOf(name);
        memory[i]!.values.push(memoryOf(pid));
        handles[i]!.values.push(readdirSync(`/proc/${pid}/fd`).length);
      });
      const { rows } = await pool.query<Record<'connections' | 'holds' | 'jobs' | 'news', number>>(COUNTS);
      const counts = rows[0]!;
      connections.values.push(counts.connections);
      holds.values.push(counts.holds);
      jobs.values.push(counts.jobs);
      news.values.push(counts.news);
      const lengths = watched.map((id) => client.workflow.getHandle(balanceWorkflowId(id)).describe());
      history.values.push(Math.max(...(await Promise.all(lengths)).map(({ historyLength }) => historyLength)));
    },
    close: () => connection.close(),
  };
}

/** Temporal suggests to continue as new at 4,096; what is under way then may add some. */
const HISTORY_EVENTS_MAX = 4_500;
