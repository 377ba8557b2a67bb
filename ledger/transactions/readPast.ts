/** Reads an account's past as a trial needs it (A18): what was spent in each span of time, and what else moved the balance. */
import { nano, type Nano } from '../../domain/money';
import type { Movement, Span } from '../../domain/trial';
import type { Db } from '../db';

export type Past = { balance: Nano; spans: Span[]; movements: Movement[] };

type Edge = { last_sequence: bigint; balance_nano: bigint };

/**
 * @param timesMs the edges of the spans, in epoch milliseconds, ascending, at least two. Reloads, and what was taken back
 * of them, are left out: a trial makes its own. What it costs follows the number of edges and of lines that are no
 * usage, not the amount of usage.
 */
export async function readPast(db: Db, accountId: string, timesMs: readonly number[]): Promise<Past> {
  const { rows: edges } = await db.query<Edge>(
    'select last_sequence, balance_nano from balances_at($1, $2::timestamptz[])',
    [accountId, timesMs.map((ms) => new Date(ms))],
  );
  const [first, last] = [edges[0]!, edges.at(-1)!];
  const { rows: lines } = await db.query<{ sequence: bigint; at: Date; amount_nano: bigint; of_reload: boolean }>(
    `select sequence, at, amount_nano, kind = 'reload' or reference like 'reload/%' as of_reload from ledger_lines
     where account_id = $1 and sequence > $2 and sequence <= $3 and kind <> 'usage' order by sequence`,
    [accountId, first.last_sequence, last.last_sequence],
  );
  const moved = edges.slice(1).map(() => 0n);
  let span = 0;
  for (const { sequence, amount_nano: amount } of lines) {
    while (sequence > edges[span + 1]!.last_sequence) span += 1;
    moved[span]! += amount;
  }
  return {
    balance: nano(first.balance_nano),
    spans: moved.map((by, index) => ({
      fromMs: timesMs[index]!,
      toMs: timesMs[index + 1]!,
      spent: nano(edges[index]!.balance_nano + by - edges[index + 1]!.balance_nano),
    })),
    movements: lines
      .filter(({ of_reload: ofReload }) => !ofReload)
      .map(({ at, amount_nano: amount }) => ({ atMs: at.getTime(), amount: nano(amount) })),
  };
}
