/** Accounts for a steady load: with money, at rest, and with ids of one length. */
import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { EVENTS_PER_REQUEST, sendSteadily, steadyAccountId, type SteadyAccounts } from './steadyLoad';
import { chunk, openAccounts } from './usage';

const ACCOUNTS_AT_ONCE = 5_000;

export async function openSteadyAccounts(pool: Pool, count: number): Promise<SteadyAccounts> {
  const accounts = { prefix: `s-${randomUUID().slice(0, 8)}`, count };
  for (const ids of chunk(
    Array.from({ length: count }, (_, i) => steadyAccountId(accounts, i)),
    ACCOUNTS_AT_ONCE,
  ))
    await openAccounts(pool, ids);
  return accounts;
}

/** Events that were taken by these accounts, as the ledger has them. */
export async function countEvents(pool: Pool, { prefix }: SteadyAccounts): Promise<number> {
  const { rows } = await pool.query<{ n: bigint }>(`select count(*) as n from usage_events where account_id like $1`, [
    `${prefix}-%`,
  ]);
  return Number(rows[0]!.n);
}

export type Progress = { atMs: number; taken: number };

/** Sends so many events, up to whole requests, and checks that all of them are in the ledger; returns how it went on. */
export async function ingestSteadily(
  pool: Pool,
  target: { url: string; serviceKey: string },
  accounts: SteadyAccounts,
  events: number,
  onProgress: (taken: number) => void = () => undefined,
): Promise<Progress[]> {
  const progress: Progress[] = [];
  const before = await countEvents(pool, accounts);
  const wanted = Math.ceil(events / EVENTS_PER_REQUEST) * EVENTS_PER_REQUEST;
  await sendSteadily({ ...target, accounts, events: wanted, run: Math.floor(Math.random() * 1e12) }, (taken) => {
    progress.push({ atMs: performance.now(), taken });
    onProgress(taken);
  });
  const stored = (await countEvents(pool, accounts)) - before;
  if (stored !== wanted) throw new Error(`Of ${wanted} events that were taken, the ledger has ${stored}.`);
  return progress;
}

/** Events a second between two moments. */
export function rateBetween(progress: readonly Progress[], fromMs: number, toMs: number): number {
  return ((takenAt(progress, toMs) - takenAt(progress, fromMs)) / (toMs - fromMs)) * 1_000;
}

/** Between two reports as if it had gone on evenly. */
function takenAt(progress: readonly Progress[], atMs: number): number {
  const next = progress.findIndex((report) => report.atMs >= atMs);
  if (next <= 0) return next === 0 ? progress[0]!.taken : progress.at(-1)!.taken;
  const [a, b] = [progress[next - 1]!, progress[next]!];
  return a.taken + ((b.taken - a.taken) * (atMs - a.atMs)) / (b.atMs - a.atMs);
}
