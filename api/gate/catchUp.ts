/** Brings a stream of gates up to now: what it has missed where that can be told, all gates in pages where not. */
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Pool } from 'pg';
import { type GatePoint, goesOn } from '../../ledger/gates/gatePoint';
import { readChangedGates } from '../../ledger/gates/readChangedGates';
import { noAnswer } from '../http/pulse';
import { within } from '../http/within';
import type { GateCache } from './gateCache';
import { toPoint, type GateEvents } from './gateEvents';
import type { KnownGate } from './gateTable';

export type CatchUpOptions = {
  pool: Pool;
  gates: GateCache;
  events: GateEvents;
  send(response: ServerResponse, events: string): void;
  /** Sends the changes of this turn, so that what is sent next comes after them. */
  flush(): void;
};

/** Small enough that checks of gates, answered between two pages, don't wait for them. */
const PAGE_GATES = 500;
/** Who has missed more changes than this is sent a snapshot. */
const RESUME_GATES_MAX = 10_000;
/** Whoever is not told by then what was missed is sent a snapshot. */
const RESUME_MS_MAX = 2_000;

/**
 * Resolves when all before `gates.point()` has been sent, or the client is gone.
 * @returns takes the id of the last event of an earlier stream; anything else begins with a snapshot
 */
export function createCatchUp({
  pool,
  gates,
  events,
  send,
  flush,
}: CatchUpOptions): (response: ServerResponse, lastId: string | undefined) => Promise<void> {
  async function catchUp(response: ServerResponse, lastId: string | undefined): Promise<void> {
    send(response, 'retry: 1000\n\n');
    const since = lastId === undefined ? null : toPoint(lastId);
    // Whoever has seen another history may be ahead of this process, too.
    if (since && since.epoch !== gates.point()?.epoch) await gates.refresh().catch(() => {});
    if (gates.point() === null) await gates.refresh();
    if (!(since && (await resume(response, since)))) await sendSnapshot(response);
  }

  /** False when what was missed can't be told: too much, from another history, or the database is away. */
  async function resume(response: ServerResponse, since: GatePoint): Promise<boolean> {
    if (since.epoch !== gates.point()?.epoch) return false;
    const read = readChangedGates(pool, since, RESUME_GATES_MAX + 1);
    const missed = await within(RESUME_MS_MAX, read, noAnswer).catch(() => null);
    if (!missed || missed.gates.length > RESUME_GATES_MAX || !goesOn(since, missed.point)) return false;
    missed.gates.forEach(gates.learn);
    const known = missed.gates.map(({ accountId }) => gates.table.get(accountId)!);
    await sendPages(response, known, (page) => page.map((gate) => events.change(gate)).join(''));
    send(response, events.heartbeat(missed.point));
    return true;
  }

  async function sendSnapshot(response: ServerResponse): Promise<void> {
    const { epoch } = gates.point()!;
    await sendPages(response, gates.table.values(), (page) => events.snapshotPage(epoch, page));
    flush();
    send(response, events.snapshotEnd(epoch, gates.point()));
  }

  /** At the client's pace, and with turns for all others between two pages. */
  async function sendPages(
    response: ServerResponse,
    all: Iterable<KnownGate>,
    write: (page: KnownGate[]) => string,
  ): Promise<void> {
    let page: KnownGate[] = [];
    for (const gate of all) {
      if (page.push(gate) < PAGE_GATES) continue;
      send(response, write(page));
      page = [];
      await taken(response);
      await nextTurn();
      if (response.destroyed) return;
    }
    if (page.length > 0) send(response, write(page));
  }

  return catchUp;
}

/** Once the client has taken what was written, or is gone. */
function taken(response: ServerResponse): Promise<void> {
  if (!response.writableNeedDrain) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}
