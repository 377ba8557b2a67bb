/** Where the time of ingest goes: CPU time per event by process, and the API's own by what it does. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { startApi } from './apiProcess';
import { ADMIN_KEY, type MeasuredBallast } from './ballast';
import { summarize, type Figure } from './results';
import { makeBodies, post, prepareUsage } from './usage';

/** Requests of 100 events over as many connections as figure 1 has. */
const EVENTS_PER_REQUEST = 100;
const CONNECTIONS = 128;
/** Of /proc/<pid>/stat, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export async function breakdown(ballast: MeasuredBallast, { events }: { events: number }): Promise<Figure[]> {
  const { serviceKey, accountIds, pool } = await prepareUsage(ballast, 1_000);
  const profiles = mkdtempSync(join(tmpdir(), 'ballast-profile-'));
  const api = await startApi(ballast.databaseUrl, ADMIN_KEY, {
    nodeArgs: ['--cpu-prof', `--cpu-prof-dir=${profiles}`, '--cpu-prof-interval=200'],
  });
  const url = `http://127.0.0.1:${api.port}`;
  try {
    await post(url, serviceKey, makeBodies(events / 4, EVENTS_PER_REQUEST, accountIds), CONNECTIONS);
    const bodies = makeBodies(events, EVENTS_PER_REQUEST, accountIds);
    const backends = await backendsOfApis(pool);
    const before = { api: secondsOf([api.pid]), postgres: secondsOf(backends), client: process.cpuUsage() };
    await post(url, serviceKey, bodies, CONNECTIONS);
    const client = process.cpuUsage(before.client);
    const perEvent = (seconds: number): number[] => [(seconds / events) * 1e6];
    const figures = [
      summarize(
        'cpuApi',
        'ingest, 100 events a request: CPU time of the API for each',
        'µs',
        perEvent(secondsOf([api.pid]) - before.api),
      ),
      summarize('cpuPostgres', 'the same: of Postgres', 'µs', perEvent(secondsOf(backends) - before.postgres)),
      summarize('cpuClient', 'the same: of who sends them', 'µs', perEvent((client.user + client.system) / 1e6)),
    ];
    await api.stop();
    showShares(JSON.parse(readFileSync(join(profiles, readdirSync(profiles)[0]!), 'utf8')) as Profile);
    return figures;
  } finally {
    await pool.end();
    rmSync(profiles, { recursive: true, force: true });
  }
}

async function backendsOfApis(pool: Pool): Promise<number[]> {
  const { rows } = await pool.query<{ pid: number }>(
    `select pid from pg_stat_activity where application_name = 'ballast-api'`,
  );
  return rows.map(({ pid }) => pid);
}

const secondsOf = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }, 0);

type Profile = {
  nodes: { id: number; callFrame: { functionName: string; url: string } }[];
  samples: number[];
  timeDeltas: number[];
};

/** By function name, or by the file it is in: the first that fits. */
const KINDS: [string, RegExp][] = [
  ['nothing to do', /^\(idle\)/],
  ['writing to sockets (kernel)', /^(writev|writeUtf8String|writeLatin1String|writeBuffer|shutdown) /],
  ['garbage collection', /^\(garbage collector\)/],
  ['reading JSON', /^parseJson /],
  ['checking and pricing', /\/dist\/(domain\/|ledger\/(sortUsage|takeUsage|priceBook))/],
  ['writing the statement, reading its answer', /\/dist\/ledger\/|\/node_modules\/(pg|postgres)/],
  ['batching and answering', /\/dist\/api\//],
  ['Express', /\/node_modules\/(express|router|parseurl|path-to-regexp|on-finished|depd|qs|send|type-is|accepts)\//],
  [
    'HTTP and streams (Node)',
    /node:(_http|http|net|internal\/(stream|http|js_stream)|events|buffer|internal\/(buffer|url|timers|process|async_hooks|util)|timers|async_hooks)/,
  ],
];

function showShares({ nodes, samples, timeDeltas }: Profile): void {
  const kindOf = new Map(
    nodes.map(({ id, callFrame: { functionName, url } }) => [
      id,
      KINDS.find(([, pattern]) => pattern.test(`${functionName} ${url}`))?.[0] ?? 'the rest, with starting up',
    ]),
  );
  const sums = new Map<string, number>();
  samples.forEach((id, i) => sums.set(kindOf.get(id)!, (sums.get(kindOf.get(id)!) ?? 0) + timeDeltas[i]!));
  const busy = [...sums].filter(([kind]) => kind !== 'nothing to do');
  const total = busy.reduce((sum, [, time]) => sum + time, 0);
  console.log("the API's thread, while it is busy:");
  for (const [kind, time] of busy.sort((a, b) => b[1] - a[1]))
    console.log(`  ${((time / total) * 100).toFixed(0).padStart(3)} % ${kind}`);
}
