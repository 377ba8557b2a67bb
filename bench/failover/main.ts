/** `npm run bench:failover [-- --runs 3]`: figure 22, on a cluster of its own (../README.md). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import type { Cluster } from '../../dev/cluster/cluster';
import { cutPrimaryOff, losePrimary, type Failover } from '../../dev/cluster/losses';
import { openCluster } from '../../dev/cluster/open';
import { holds, prove, tableOf } from '../../verify/prove';
import { keep, show, summarize, type Figure } from '../results';
import { watchGates, type GateWatch } from './gates';
import { prepareAccounts } from './accounts';
import { secondsWithout, startSenders, type Senders } from './senders';

/** Before a fault, and after everything is as before. */
const STEADY_MS = 5_000;
const QUIET_MS_MAX = 120_000;
const RUNS_MAX = 100;
const MUST_BE_ZERO = new Set<Figure['figure']>(['22lost', '22fenced', '22letin']);

type Load = { cluster: Cluster; senders: Senders; gates: GateWatch };
type Outage = {
  seconds: number;
  denied: number;
  /** Of the seconds, those after Patroni had made another node the primary. */ after: number;
};

/** Does something, waits until all is as before, and says what callers noticed. */
async function outage({ cluster, senders, gates }: Load, fault: () => Promise<Failover>): Promise<Outage> {
  await sleep(STEADY_MS);
  gates.reset();
  const { atMs, newPrimaryMs } = await fault();
  await senders.takenAfter(newPrimaryMs);
  await sleep(STEADY_MS);
  const seconds = secondsWithout(senders.acknowledged, atMs);
  const noticed = { seconds, denied: gates.deniedSeconds(), after: seconds - (newPrimaryMs - atMs) / 1_000 };
  await cluster.servers.waitForNodes();
  return noticed;
}

async function measure(load: Load, runs: number): Promise<Figure[]> {
  const killed: Outage[] = [];
  const cut: Outage[] = [];
  const temporal: Outage[] = [];
  let fencedOut = 0;
  let wroteOnOld = 0;
  for (let run = 0; run < runs; run++) {
    killed.push(await outage(load, () => losePrimary(load.cluster.servers)));
    console.log(`primary killed: ${told(killed.at(-1)!)}`);
    cut.push(
      await outage(load, async () => {
        const { comeBack, ...failover } = await cutPrimaryOff(load.cluster.servers);
        await sleep(STEADY_MS);
        const { acknowledged, tried } = await comeBack();
        fencedOut += tried;
        wroteOnOld += acknowledged;
        return failover;
      }),
    );
    console.log(`primary cut off: ${told(cut.at(-1)!)}; it came back and acknowledged ${wroteOnOld} of ${fencedOut}`);
    temporal.push(
      await outage(load, () => {
        const atMs = performance.now();
        process.kill(load.cluster.servers.pidOf('Temporal'), 'SIGKILL');
        return Promise.resolve({ atMs, newPrimaryMs: atMs });
      }),
    );
    console.log(`Temporal killed: ${told(temporal.at(-1)!)}`);
  }
  const seconds = (outages: Outage[]) => outages.map((one) => one.seconds);
  const denied = (outages: Outage[]) => outages.map((one) => one.denied);
  return [
    summarize(22, 'primary and its Patroni killed: until usage is taken again', 's', seconds(killed)),
    summarize(
      '22after',
      'of these, after Patroni had another primary',
      's',
      killed.map(({ after }) => after),
    ),
    summarize('22denied', 'the same: a known gate is denied', 's', denied(killed)),
    summarize('22cut', 'primary cut off: until usage is taken again', 's', seconds(cut)),
    summarize('22cutdenied', 'the same: a known gate is denied', 's', denied(cut)),
    summarize('22fenced', 'writes that the old primary acknowledged when it came back', 'writes', [wroteOnOld]),
    summarize('22temporal', 'Temporal killed: until usage is taken again', 's', seconds(temporal)),
    summarize('22temporaldenied', 'the same: a known gate is denied', 's', denied(temporal)),
  ];
}

const told = ({ seconds, denied, after }: Outage): string =>
  `usage is taken again after ${seconds.toFixed(1)} s (${after.toFixed(1)} s of them with another primary), a known gate was denied for ${denied.toFixed(2)} s`;

/** How many acknowledged events are not in the database. */
async function countLost(cluster: Cluster, senders: Senders): Promise<number> {
  const client = new Client({ connectionString: cluster.servers.databaseUrl() });
  await client.connect();
  try {
    const { rows } = await client.query<{ lost: string }>(
      'select count(*) as lost from unnest($1::text[]) id where not exists (select from usage_events where event_id = id)',
      [senders.acknowledged.map(({ id }) => id)],
    );
    return Number(rows[0]!.lost);
  } finally {
    await client.end();
  }
}

/** Proves all invariants, with Stripe's side; what is on its way may arrive meanwhile. Throws when one does not hold in the end. */
async function proveAll(cluster: Cluster): Promise<void> {
  const provider = { baseUrl: cluster.stripe, secretKey: cluster.stripeKey };
  for (const endMs = Date.now() + QUIET_MS_MAX; ; await sleep(2_000)) {
    const results = await prove({ databaseUrl: cluster.servers.databaseUrl(), provider, graceSeconds: 30 });
    if (!holds(results) && Date.now() < endMs) continue;
    console.log(tableOf(results));
    if (!holds(results)) throw new Error('An invariant does not hold.');
    return;
  }
}

async function run(cluster: Cluster, runs: number): Promise<void> {
  await cluster.start();
  const { serviceKey, nextEvent, rich, empty } = await prepareAccounts(cluster);
  const senders = startSenders(cluster.apis, serviceKey, nextEvent);
  const gates = watchGates(cluster.apis, serviceKey, { rich, empty });
  const figures = await measure({ cluster, senders, gates }, runs);
  await Promise.all([senders.stop(), gates.stop()]);
  const lost = await countLost(cluster, senders);
  const all = [
    ...figures,
    summarize('22lost', `of ${senders.acknowledged.length} acknowledged events lost`, 'events', [lost]),
    summarize('22letin', 'a gate without money let somebody in', 'times', [gates.letIn()]),
  ];
  all.forEach(show);
  await proveAll(cluster);
  const wrong = all.filter(({ figure, value }) => MUST_BE_ZERO.has(figure) && value > 0);
  if (wrong[0]) throw new Error(`This must be 0: ${wrong[0].name}.`);
  keep(all);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { runs: { type: 'string', default: '3' } } });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1 || runs > RUNS_MAX)
    throw new Error(`--runs must be a whole number from 1 to ${RUNS_MAX}.`);
  const folder = mkdtempSync(join(tmpdir(), 'ballast-failover-'));
  const { cluster, release } = await openCluster(folder, console.log);
  const finish = async (code: number): Promise<never> => {
    await cluster.stop();
    release();
    rmSync(folder, { recursive: true, force: true });
    process.exit(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void finish(130));
  try {
    await run(cluster, runs);
    await finish(0);
  } catch (error) {
    console.error((error as Error).message);
    await finish(1);
  }
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
