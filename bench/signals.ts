/** Figure 2's baseline: one Temporal signal per event, posted by the account's workflow, at its best concurrency. */
import { Client, Connection } from '@temporalio/client';
import type { Pool } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { reportUsageSignal } from '../workflows/messages';
import { wakeBalance } from '../workflows/wake';
import type { MeasuredBallast } from './ballast';
import { makeEvents, openAccounts } from './usage';

/** Events a second, from the first signal until the last event is in the ledger; the best of these settings. */
export async function signalPerEventRate(
  { temporalAddress }: MeasuredBallast,
  pool: Pool,
  events: number,
): Promise<number> {
  const connection = await Connection.connect({ address: temporalAddress });
  const client = new Client({ connection });
  let best = 0;
  for (const [accounts, concurrency] of [
    [50, 50],
    [200, 100],
    [200, 200],
  ] as const) {
    best = Math.max(best, await rate(client, pool, events, accounts, concurrency));
  }
  await connection.close();
  return best;
}

async function rate(client: Client, pool: Pool, count: number, accounts: number, concurrency: number): Promise<number> {
  const ids = Array.from({ length: accounts }, (_, i) => `signal-${Date.now()}-${i}`);
  await openAccounts(pool, ids);
  const queue = makeEvents(count, ids);
  const started = performance.now();
  const sender = async (): Promise<void> => {
    for (let event = queue.pop(); event; event = queue.pop()) {
      const { accountId, ...rest } = event;
      await wakeBalance(client, accountId, reportUsageSignal, { events: [rest] });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, sender));
  for (;;) {
    const { rows } = await pool.query<{ n: number }>(
      'select count(*)::int as n from usage_events where account_id = any($1)',
      [ids],
    );
    if (rows[0]!.n === count) return count / ((performance.now() - started) / 1_000);
    await sleep(20);
  }
}
