/** One cell under load, in steps of a millisecond: API processes that commit two groups at a time, on a Postgres with so many cores. */
import { LANES } from '../../api/usage/commitLanes';
import { COMMIT_EVENTS_MAX } from '../../api/usage/usagePosting';
import type { Costs } from './costs';

export type Cell = { apis: number; postgresCores: number; accounts: number };
export type Loaded = {
  /** Taken, of what came; below 1 the cell does not keep up. */
  taken: number;
  p50Ms: number;
  p99Ms: number;
  eventsPerCommit: number;
  accountsPerEvent: number;
  /** Shares of what they could do. */
  postgresBusy: number;
  apiBusy: number;
};

const STEP_S = 0.001;

type Commit = { leftS: number; events: number; arrivedS: number };
type Api = { waiting: { events: number; arrivedS: number }[]; owedS: number; lanes: (Commit | null)[] };

/** @param eventsPerSecond for the whole cell, evenly over its accounts */
export function loadCell(
  costs: Costs,
  { apis, postgresCores, accounts }: Cell,
  eventsPerSecond: number,
  seconds: number,
): Loaded {
  const all: Api[] = Array.from({ length: apis }, () => ({
    waiting: [],
    owedS: 0,
    lanes: Array.from({ length: LANES }, () => null),
  }));
  const seen: Seen = { came: 0, taken: 0, commits: 0, touched: 0, postgresS: 0, apiS: 0 };
  const waits: { ms: number; events: number }[] = [];
  for (let nowS = 0; nowS < seconds; nowS += STEP_S) {
    for (const api of all) {
      receive(api, costs, (eventsPerSecond / apis) * STEP_S, nowS, seen);
      for (const [nth, lane] of api.lanes.entries()) if (!lane) api.lanes[nth] = begin(api, costs, accounts, seen);
    }
    const running = all.flatMap(({ lanes }) => lanes.filter((lane) => lane !== null));
    const share = Math.min(1, postgresCores / Math.max(1, running.length)) * STEP_S;
    for (const commit of running) {
      seen.postgresS += Math.min(share, commit.leftS);
      commit.leftS -= share;
    }
    for (const { lanes } of all)
      for (const [nth, lane] of lanes.entries())
        if (lane && lane.leftS <= 0) {
          seen.taken += lane.events;
          waits.push({ ms: (nowS + STEP_S - lane.arrivedS) * 1_000, events: lane.events });
          lanes[nth] = null;
        }
  }
  waits.sort((one, other) => one.ms - other.ms);
  return {
    taken: seen.taken / seen.came,
    p50Ms: quantile(waits, 0.5),
    p99Ms: quantile(waits, 0.99),
    eventsPerCommit: seen.commits === 0 ? 0 : seen.taken / seen.commits,
    accountsPerEvent: seen.taken === 0 ? 0 : seen.touched / seen.taken,
    postgresBusy: seen.postgresS / (seconds * postgresCores),
    apiBusy: seen.apiS / (seconds * apis),
  };
}

type Seen = { came: number; taken: number; commits: number; touched: number; postgresS: number; apiS: number };

/** What comes waits until the API's one thread has read, checked and priced it. */
function receive(api: Api, { apiPerEvent }: Costs, events: number, nowS: number, seen: Seen): void {
  seen.came += events;
  api.waiting.push({ events, arrivedS: nowS });
  const workS = Math.min(STEP_S, api.owedS + events * apiPerEvent);
  api.owedS += events * apiPerEvent - workS;
  seen.apiS += workS;
}

/** A commit takes what waits; while one runs, the next one grows. */
function begin(api: Api, costs: Costs, accounts: number, seen: Seen): Commit | null {
  let ready = api.waiting.reduce((sum, { events }) => sum + events, 0) - api.owedS / costs.apiPerEvent;
  ready = Math.min(ready, COMMIT_EVENTS_MAX);
  if (ready < 1) return null;
  const arrivedS = api.waiting[0]!.arrivedS;
  for (let left = ready; left > 1e-9;) {
    const first = api.waiting[0]!;
    const took = Math.min(left, first.events);
    first.events -= took;
    left -= took;
    if (first.events < 1e-9) api.waiting.shift();
    if (api.waiting.length === 0) break;
  }
  const touched = accounts * (1 - (1 - 1 / accounts) ** ready);
  seen.commits += 1;
  seen.touched += touched;
  return { events: ready, arrivedS, leftS: ready * costs.postgresPerEvent + touched * costs.postgresPerAccount };
}

function quantile(sorted: readonly { ms: number; events: number }[], share: number): number {
  const total = sorted.reduce((sum, { events }) => sum + events, 0);
  let sum = 0;
  for (const { ms, events } of sorted) if ((sum += events) >= total * share) return ms;
  return Infinity;
}
