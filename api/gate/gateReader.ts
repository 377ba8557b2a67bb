/** Keeps the known gates in step with Postgres: reads all of them once, then what has changed, at each poke and each second. */
import type { Logger } from 'pino';
import type { Pool } from 'pg';
import type { Clock } from '../../ledger/clock';
import { adoptGates } from '../../ledger/gates/adoptGates';
import { type GatePoint, goesOn } from '../../ledger/gates/gatePoint';
import { readChangedGates } from '../../ledger/gates/readChangedGates';
import { readGatePage } from '../../ledger/gates/readGatePage';
import { readGatePoint } from '../../ledger/gates/readGatePoint';
import { noAnswer } from '../http/pulse';
import { within } from '../http/within';
import { openGateFeed } from './gateFeed';
import type { KnownGates } from './knownGates';

export type GateReader = {
  /** Begins to listen, and reads all gates. */
  start(): Promise<void>;
  /** Looks at the database now. When it resolves, all gates are known. */
  refresh(): Promise<void>;
  close(): Promise<void>;
};

export type GateReaderOptions = { known: KnownGates; pool: Pool; databaseUrl: string; log: Logger; clock: Clock };

/** Small enough to leave little behind for the garbage collector, large enough that round trips don't count. */
const PAGE_GATES = 5_000;
const REFRESH_MS = 1_000;
/** A look that takes longer is given up: the connection may be dead without a word. */
const LOOK_MS_MAX = 5_000;
/** This one waits for accounts' locks. */
const ADOPT_MS_MAX = 25_000;

export function createGateReader({ known, pool, databaseUrl, log, clock }: GateReaderOptions): GateReader {
  const { look } = known;
  let refreshing: Promise<void> | null = null;
  let pokedAgain = false;

  async function readAll(): Promise<GatePoint> {
    look.beginAll();
    await within(ADOPT_MS_MAX, adoptGates(pool), noAnswer);
    const start = await within(LOOK_MS_MAX, readGatePoint(pool), noAnswer);
    for (let after = ''; ;) {
      const page = await within(LOOK_MS_MAX, readGatePage(pool, after, PAGE_GATES), noAnswer);
      page.forEach(look.meet);
      if (page.length < PAGE_GATES) return start;
      after = page.at(-1)!.accountId;
    }
  }

  async function readOn(): Promise<void> {
    do {
      pokedAgain = false;
      look.begin();
      const since = known.point() ?? (await readAll());
      const answered = clock.asking();
      const changed = await within(LOOK_MS_MAX, readChangedGates(feed.connection() ?? pool, since), noAnswer);
      const isSame = goesOn(since, changed.point);
      if (isSame) changed.gates.forEach(look.meet);
      if (isSame && !look.hasMissed()) {
        // Together: what is known keeps its age when the clock is corrected.
        look.end(changed.point, answered(changed.databaseMs));
        continue;
      }
      log.warn('the database has another history than before, or has started again: all gates are read anew');
      look.forsake();
      pokedAgain = true;
    } while (pokedAgain);
  }

  /** One reader at a time: a poke that comes while it reads makes it read once more. */
  function refresh(): Promise<void> {
    if (refreshing) pokedAgain = true;
    return (refreshing ??= readOn().finally(() => (refreshing = null)));
  }

  const poke = (): void =>
    void refresh().catch((error: Error) => {
      feed.reset();
      log.warn({ err: error }, 'gates could not be read');
    });
  const feed = openGateFeed(databaseUrl, poke, log);
  const timer = setInterval(poke, REFRESH_MS);
  timer.unref();

  return {
    async start() {
      feed.start();
      await refresh();
    },
    refresh,
    async close() {
      clearInterval(timer);
      await feed.close();
      await refreshing?.catch(() => {});
    },
  };
}
