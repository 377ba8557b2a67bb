/** Reads what is known of money and open work over all accounts, for metrics: bounded by what is open, and by today's payments. */
import type { Db } from '../db';
import { OPEN_STATUSES } from '../batches/batch';

export type MoneyState = {
  /** Nano-dollars held by open holds and by open batches. */
  heldNano: { hold: bigint; batch: bigint };
  /** Cents credited since midnight UTC. */
  creditedTodayCents: { prepayment: bigint; reload: bigint };
  /** Open batches by status. */
  batches: { status: string; count: number }[];
  /** Tokens that open batches have enqueued, by model. */
  enqueuedTokens: { model: string; tokens: bigint }[];
  /** Payments that reconciliation can't explain, by kind. */
  unexplained: { kind: string; count: number }[];
};

type Row = { what: string; name: string; value: string };

export async function readMoney(db: Db): Promise<MoneyState> {
  const { rows } = await db.query<Row>(
    `select 'held' as what, 'hold' as name, coalesce(sum(amount_nano), 0)::text as value from holds where status = 'open'
     union all select 'held', 'batch', coalesce(sum(held_nano), 0)::text from batches where status in ${OPEN_STATUSES}
     union all select 'credited', purpose, sum(amount_cents)::text from payments
       where status = 'succeeded' and settled_at >= date_trunc('day', now(), 'UTC') group by purpose
     union all select 'batches', status, count(*)::text from batches where status in ${OPEN_STATUSES} group by status
     union all select 'tokens', model_id, sum(reserved_tokens)::text from batches where status in ${OPEN_STATUSES} group by model_id
     union all select 'unexplained', kind, count(*)::text from unexplained group by kind`,
  );
  const of = (what: string): Row[] => rows.filter((row) => row.what === what);
  const sumOf = (what: string, name: string): bigint => BigInt(of(what).find((row) => row.name === name)?.value ?? 0);
  return {
    heldNano: { hold: sumOf('held', 'hold'), batch: sumOf('held', 'batch') },
    creditedTodayCents: { prepayment: sumOf('credited', 'prepayment'), reload: sumOf('credited', 'reload') },
    batches: of('batches').map(({ name, value }) => ({ status: name, count: Number(value) })),
    enqueuedTokens: of('tokens').map(({ name, value }) => ({ model: name, tokens: BigInt(value) })),
    unexplained: of('unexplained').map(({ name, value }) => ({ kind: name, count: Number(value) })),
  };
}
