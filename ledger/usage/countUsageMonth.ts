/** Counts the events of a month, and adds up what they cost (B8). */
import { nano, type Nano } from '../../domain/money';
import type { Db } from '../db';
import { takenIn } from './takenIn';

/** @param month UTC, such as 2026-11 */
export async function countUsageMonth(db: Db, month: string): Promise<{ events: number; cost: Nano }> {
  const { rows } = await db.query<{ events: bigint; cost: string }>(
    `select count(*) as events, coalesce(sum(cost_nano), 0)::text as cost from usage_events where ${takenIn(month)}`,
  );
  return { events: Number(rows[0]!.events), cost: nano(BigInt(rows[0]!.cost)) };
}
