/** `npm run bench:scale`: where each part of a cell bends, and how many cells a load needs; by the measured costs (docs/scale.md). */
import { loadCell, type Cell, type Loaded } from './cell';
import { readCosts, type Costs } from './costs';

/** What docs/scale.md is about. */
const ACCOUNTS = 10_000_000;
const EVENTS_PER_S = 1_000_000;
/** The least that usage must be kept (B8): an id is known for so long. */
const KEPT_DAYS = 32;
/** An account that is charged so often a month; each wakes its workflow about three times. */
const RELOADS_A_MONTH = 2;
const WAKES_PER_RELOAD = 3;
/** `sustained`: 20 million events took 6 GB, with the log; and 30 bytes of an event are in the index that ids are looked up in. */
const DISK_BYTES_PER_EVENT = 300;
const INDEX_BYTES_PER_EVENT = 30;
/** Nothing is planned to be busier. */
const BUSY_MAX = 0.7;
const P99_MS_MAX = 100;

const CELL = { apis: 4, postgresCores: 16 };
const CELLS = [10, 20, 40, 80];
const SECONDS = 5;
const DAY_S = 86_400;

/** The load rises until what is taken, or the wait for it, says that it is too much. */
function showBend(costs: Costs, cell: Cell): void {
  console.log(
    `A cell with ${CELL.postgresCores} cores for Postgres, ${CELL.apis} APIs, usage of ${cell.accounts.toLocaleString('en')} accounts:`,
  );
  console.log(
    '| events/s | taken | p50 | p99 | events a commit | accounts an event | Postgres busy | APIs busy |\n|---|---|---|---|---|---|---|---|',
  );
  let bend: string | null = null;
  for (let thousands = 50; thousands <= 800 && bend === null; thousands += thousands < 200 ? 50 : 100) {
    const loaded = loadCell(costs, cell, thousands * 1_000, SECONDS);
    console.log(row(thousands, loaded));
    bend = why(loaded);
  }
  console.log(`It bends there: ${bend ?? 'not in this range'}.\n`);
}

function row(
  thousands: number,
  { taken, p50Ms, p99Ms, eventsPerCommit, accountsPerEvent, postgresBusy, apiBusy }: Loaded,
): string {
  const cells = [
    `${thousands},000`,
    percent(taken),
    `${p50Ms.toFixed(0)} ms`,
    `${p99Ms.toFixed(0)} ms`,
    eventsPerCommit.toFixed(0),
    accountsPerEvent.toFixed(2),
    percent(postgresBusy),
    percent(apiBusy),
  ];
  return `| ${cells.join(' | ')} |`;
}

function why({ taken, p99Ms, apiBusy, postgresBusy }: Loaded): string | null {
  if (taken >= 0.98 && p99Ms <= P99_MS_MAX) return null;
  if (apiBusy > 0.95) return "the APIs' threads";
  return postgresBusy > 0.95 ? "Postgres's cores" : 'the two commits that an API has under way at a time';
}

const micro = (seconds: number): string => `${(seconds * 1e6).toFixed(1)} µs`;
const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

/** With so many accounts, each event touches one of its own. */
function showCells(costs: Costs): void {
  console.log(
    `${ACCOUNTS.toLocaleString('en')} accounts and ${EVENTS_PER_S.toLocaleString('en')} events/s, usage kept for ${KEPT_DAYS} days:`,
  );
  console.log(
    '| cells | events/s each | cores of Postgres | APIs | disk a day | disk kept | index to look ids up in | memory of APIs | memory of the worker | workflows awake at a time |\n|---|---|---|---|---|---|---|---|---|---|',
  );
  for (const cells of CELLS) {
    const [events, accounts] = [EVENTS_PER_S / cells, ACCOUNTS / cells];
    const postgresS = costs.postgresPerEvent + costs.postgresPerAccount;
    // An API has two commits under way, each on a core; and one thread.
    const apis = Math.max((events * costs.apiPerEvent) / BUSY_MAX, (events * postgresS) / 2 / BUSY_MAX);
    const wakes = (accounts * RELOADS_A_MONTH * WAKES_PER_RELOAD) / (30 * DAY_S);
    const cellsOfRow = [
      `${cells}`,
      events.toLocaleString('en'),
      Math.ceil((events * postgresS) / BUSY_MAX),
      Math.ceil(apis),
      bytes(events * DAY_S * DISK_BYTES_PER_EVENT),
      bytes(events * DAY_S * KEPT_DAYS * DISK_BYTES_PER_EVENT),
      bytes(events * DAY_S * KEPT_DAYS * INDEX_BYTES_PER_EVENT),
      bytes(accounts * costs.apiPerAccount),
      bytes(accounts * costs.workerPerAccount),
      (wakes * costs.secondsPerWake).toFixed(2),
    ];
    console.log(`| ${cellsOfRow.join(' | ')} |`);
  }
}

function bytes(count: number): string {
  const [unit, divisor] = count >= 1e12 ? ['TB', 1e12] : ['GB', 1e9];
  return `${(count / divisor).toFixed(count / divisor < 10 ? 1 : 0)} ${unit}`;
}

const costs = readCosts();
console.log(
  `An event costs ${micro(costs.apiPerEvent)} of an API and ${micro(costs.postgresPerEvent)} of Postgres, and ${micro(costs.postgresPerAccount)} more for each account that a commit touches.\n`,
);
for (const accounts of [1_000, ACCOUNTS / 40]) showBend(costs, { ...CELL, accounts });
showCells(costs);
