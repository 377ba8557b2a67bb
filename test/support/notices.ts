/** Accounts with owners, and what became of their notices, for the tests of notices/. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../../ledger/db';

export async function insertAccount(db: Db, id: string, owners: string[]): Promise<void> {
  await db.query("insert into accounts (id, name, tier) values ($1, $2, 'standard')", [id, `Account ${id}`]);
  await db.query(
    `insert into members (account_id, name, email, role, confirmed_at) select $1, email, email, 'owner', now() from unnest($2::text[]) email`,
    [id, owners],
  );
}

export type DeliveryRow = {
  recipient: string;
  status: string;
  attempts: number;
  last_error: string | null;
  wait_seconds: number;
};

export async function readDeliveries(db: Db): Promise<DeliveryRow[]> {
  const { rows } = await db.query<DeliveryRow>(
    `select recipient, status, attempts, last_error, round(extract(epoch from next_attempt_at - now()))::int as wait_seconds
     from notice_deliveries join notices on id = notice_id order by at, kind, recipient`,
  );
  return rows;
}

/** As if the waiting time were over. */
export const makeDue = (db: Db) =>
  db.query("update notice_deliveries set next_attempt_at = now() where status = 'pending'");

/** Between two looks: what is soon there is seen soon, and who waits long leaves the cores to what is waited for. */
const PAUSE_MS = { first: 5, longest: 60 };

/** Of a machine with many times its usual load. */
const WAIT_MS_MAX = 90_000;

/** Waits until `check` holds, or throws what it last saw. */
export async function until<T>(
  look: () => T | Promise<T>,
  check: (seen: T) => boolean,
  timeoutMs = WAIT_MS_MAX,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (let pauseMs = PAUSE_MS.first; ; pauseMs = Math.min(PAUSE_MS.longest, pauseMs * 1.5)) {
    const seen = await look();
    if (check(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain; last seen: ${JSON.stringify(seen)}`);
    await sleep(pauseMs);
  }
}
