/** Figure 9: how many checks a second the client's replica answers in process, and what 100,000 accounts take of its memory. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createClient, type BallastClient } from '../client';
import { summarize, type Figure } from './results';

const ACCOUNTS = 100_000;
/** As the API pages its snapshot. */
const PAGE_GATES = 500;
/** Accounts that have requests at the same time; the others are known and quiet. */
const ACTIVE_ACCOUNTS = 1_000;
const CHECKS = 4_000_000;
/** So many checks a turn of the event loop; the replica looks at its clock once a turn. */
const TURN_CHECKS = 1_000;

/** The rate over active accounts, and over all of them evenly (which measures the processor's caches as well). */
export async function replicaRate(runs: number): Promise<Figure[]> {
  return withReplica(async (client) => {
    const rates = async (accounts: number): Promise<number[]> => {
      const order = Array.from({ length: 1 << 20 }, () => accountId(Math.floor(Math.random() * accounts)));
      const measured: number[] = [];
      for (let run = -1; run < runs; run++) {
        const rate = await measure(client, order);
        if (run >= 0) measured.push(rate); // the first one warms up
      }
      return measured;
    };
    return [
      summarize(9, "gate in the client's replica, in process", '/s', await rates(ACTIVE_ACCOUNTS)),
      summarize('9all', 'the same over all 100,000 accounts evenly', '/s', await rates(ACCOUNTS)),
    ];
  });
}

/** What stays after a full collection, replica and stream together, in MB. */
export async function replicaMemory(runs: number): Promise<Figure[]> {
  const megabytes: number[] = [];
  for (let run = 0; run < runs; run++) {
    const before = await heapBytes();
    megabytes.push(await withReplica(async () => ((await heapBytes()) - before) / 1e6));
  }
  return [summarize('9memory', "client's replica of 100,000 accounts", 'MB', megabytes)];
}

async function measure({ gate }: BallastClient, order: readonly string[]): Promise<number> {
  let allowed = 0;
  const startedMs = performance.now();
  for (let done = 0; done < CHECKS; done += TURN_CHECKS) {
    for (let i = 0; i < TURN_CHECKS; i++) if (gate.allows(order[(done + i) & (order.length - 1)]!)) allowed += 1;
    await Promise.resolve();
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  if (allowed === 0 || allowed === CHECKS) throw new Error('the replica did not know the accounts');
  return CHECKS / seconds;
}

const accountId = (nth: number): string => `account_${(nth * 7_919).toString(36)}`;

/** A client that has read a snapshot over HTTP, as from the API. */
async function withReplica<T>(work: (client: BallastClient) => Promise<T>): Promise<T> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    for (let first = 0; first < ACCOUNTS; first += PAGE_GATES)
      response.write(`event: snapshot\ndata: ${page(first)}\n\n`);
    response.write('event: snapshot\nid: 1\ndata: {"gates":[],"done":true}\n\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // The snapshot is made once and then quiet: the policy keeps it usable.
  const client = createClient({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    key: 'key',
    gate: { staleMsMax: 600_000 },
    onError: () => undefined,
  });
  try {
    await client.gate.ready(30_000);
    return await work(client);
  } finally {
    await client.close();
    server.closeAllConnections();
    server.close();
  }
}

/** One account in ten is suspended. */
function page(first: number): string {
  const asOf = new Date().toISOString();
  const gates = Array.from({ length: PAGE_GATES }, (_, i) => {
    const allowed = (first + i) % 10 > 0;
    return {
      accountId: accountId(first + i),
      allowed,
      state: allowed ? 'ok' : 'suspended',
      reasons: allowed ? [] : ['balance_exhausted'],
      version: first + i,
      asOf,
    };
  });
  return JSON.stringify({ gates });
}

let collect: (() => void) | null = null;
async function heapBytes(): Promise<number> {
  setFlagsFromString('--expose_gc');
  collect ??= runInNewContext('gc') as () => void;
  for (let pass = 0; pass < 3; pass++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collect();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
