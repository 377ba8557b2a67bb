/** Reads of many accounts at once what everybody can see of them: by plain SQL, not by the code under test. */
import type { Pool } from 'pg';
import type { ActualAccount } from './actualAccount';

export type Seen = {
  position: { balance: unknown; held: unknown; gate: unknown } & Record<string, unknown>;
  lines: number;
  newLines: { sequence: number; kind: string; amount: bigint; after: bigint }[];
  /** State and reasons. */
  gate: string;
  gateVersion: number;
  /** Which state of the account's row this is: whatever concerns an account changes it. */
  row: unknown;
};
type Row = Record<string, unknown> & { account_id: string };

/** @param linesKnown how many lines of the account were read before: only later ones are read now */
export async function readPositions(
  pool: Pool,
  asked: { actual: ActualAccount; linesKnown: number }[],
): Promise<Seen[]> {
  const ids = asked.map(({ actual }) => actual.id);
  const all = async (text: string, ...values: unknown[]): Promise<Row[]> =>
    (await pool.query<Row>(text, [ids, ...values])).rows;
  const [balances, lines, holds, jobs, payments] = await Promise.all([
    all('select *, xmin::text as row from balances where account_id = any($1)'),
    all(
      `select l.* from unnest($1::text[], $2::bigint[]) k(id, known)
       join ledger_lines l on l.account_id = k.id and l.sequence > k.known order by l.account_id, l.sequence`,
      asked.map(({ linesKnown }) => linesKnown),
    ),
    all('select * from holds where account_id = any($1)'),
    all('select * from batches where account_id = any($1)'),
    all('select * from payments where account_id = any($1)'),
  ]);
  const linesOf = new Map<string, Row[]>(ids.map((id) => [id, []]));
  for (const line of lines) linesOf.get(line.account_id)!.push(line);
  const byId = new Map([...holds, ...jobs, ...payments].map((row) => [row.id, row]));
  const balanceOf = new Map(balances.map((row) => [row.account_id, row]));
  return asked.map(({ actual }) => {
    const balance = balanceOf.get(actual.id)!;
    const rows = (ids: string[]) => ids.map((id) => byId.get(id)!);
    return {
      position: {
        balance: balance.balance_nano,
        held: balance.held_nano,
        lines: Number(balance.sequence),
        gate: balance.gate_state,
        reasons: balance.gate_reasons,
        wakes: balance.wake,
        holds: rows(actual.holds).map((hold) => words(hold.status, hold.charged_nano, hold.released_nano)),
        jobs: rows(actual.jobs).map(({ status, closed, ...job }) =>
          words(status, closed, 'tokens', job.reserved_tokens, 'held', job.held_nano, 'charged', job.charged_nano),
        ),
        payments: rows(actual.payments).map((payment) => words(payment.status, payment.amount_cents)),
      },
      lines: Number(balance.sequence),
      newLines: linesOf.get(actual.id)!.map((line) => ({
        sequence: Number(line.sequence),
        kind: line.kind as string,
        amount: line.amount_nano as bigint,
        after: line.balance_after_nano as bigint,
      })),
      gate: `${balance.gate_state as string} ${(balance.gate_reasons as string[]).join()}`,
      gateVersion: Number(balance.gate_version),
      row: balance.row,
    };
  });
}

const words = (...values: unknown[]): string => values.map(String).join(' ');
