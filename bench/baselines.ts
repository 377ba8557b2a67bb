/** What others do, each at its best settings: the bare statement, and the usual ways to debit an account. Events a second. */
import type { Pool } from 'pg';
import { numbersLiteral, textsLiteral } from '../ledger/arrayLiteral';
import { transaction } from '../ledger/db';
import { postUsage, type PricedEvent } from '../ledger/usage/postUsage';
import { chunk, makePricedEvents } from './usage';

/** A baseline at its best: the highest of its settings counts. */
export async function bestOf(settings: (() => Promise<number>)[]): Promise<number> {
  let best = 0;
  for (const rate of settings) best = Math.max(best, await rate());
  return best;
}

const RAW = `
  with e as (select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
    as e(account_id, event_id, model, input, output, at_ms, cost)),
  taken as (insert into usage_events (account_id, event_id, sequence, posting, model, input_tokens, cached_input_tokens, output_tokens, images, kind, at, cost_nano)
    select account_id, event_id, 0, 0, model, input, 0, output, 0, 'text', to_timestamp(at_ms / 1000.0::float8), cost from e on conflict do nothing returning account_id, cost_nano)
  update balances b set balance_nano = balance_nano - s.cost from (select account_id, sum(cost_nano)::bigint as cost from taken group by 1) s
  where b.account_id = s.account_id`;

/**
 * The same rows by one INSERT … unnest … ON CONFLICT with its balance update, nothing checked, priced or written to a
 * ledger. Each connection has accounts of its own, so that none waits for, or deadlocks with, another.
 */
export const rawRate = (pool: Pool, events: number, accountIds: readonly string[]): Promise<number> =>
  bestOf(
    [1_000, 5_000].flatMap((perBatch) =>
      [1, 2].map((connections) => () => {
        const shares = Array.from({ length: connections }, (_, share) =>
          chunk(
            makePricedEvents(
              events / connections,
              accountIds.filter((_id, i) => i % connections === share),
            ),
            perBatch,
          ),
        );
        return clock(
          events,
          shares.map((batches) => async () => {
            for (const batch of batches) await insertRaw(pool, batch);
          }),
        );
      }),
    ),
  );

const insertRaw = (pool: Pool, batch: readonly PricedEvent[]): Promise<unknown> =>
  pool.query({
    name: 'raw',
    text: RAW,
    values: [
      textsLiteral(batch.map((e) => e.accountId)),
      textsLiteral(batch.map((e) => e.id)),
      textsLiteral(batch.map((e) => e.model)),
      numbersLiteral(batch.map((e) => e.inputTokens)),
      numbersLiteral(batch.map((e) => e.outputTokens)),
      numbersLiteral(batch.map((e) => e.atMs)),
      numbersLiteral(batch.map((e) => e.cost)),
    ],
  });

/** One transaction per event, by the ledger's own statement. */
export const transactionPerEvent = (pool: Pool, events: number, accountIds: readonly string[]): Promise<number> =>
  oneByOne(events, accountIds, (event) => postUsage(pool, [event]));

/** The debit of many wallets: lock the row, look at the balance, write event, balance and line. */
export const selectForUpdate = (pool: Pool, events: number, accountIds: readonly string[]): Promise<number> =>
  oneByOne(events, accountIds, ({ accountId, id, model, inputTokens, outputTokens, cost }) =>
    transaction(pool, async (tx) => {
      const {
        rows: [row],
      } = await tx.query<{ balance_nano: bigint; sequence: bigint }>({
        name: 'peer-lock',
        text: 'select balance_nano, sequence from balances where account_id = $1 for update',
        values: [accountId],
      });
      const [sequence, after] = [row!.sequence + 1n, row!.balance_nano - cost];
      const { rowCount } = await tx.query({
        name: 'peer-event',
        text: `insert into usage_events (account_id, event_id, sequence, posting, model, input_tokens, cached_input_tokens, output_tokens, images, kind, at, cost_nano)
       values ($1, $2, $3, 0, $4, $5, 0, $6, 0, 'text', now(), $7) on conflict do nothing`,
        values: [accountId, id, sequence, model, inputTokens, outputTokens, cost],
      });
      if (rowCount === 0) return;
      await tx.query({
        name: 'peer-balance',
        text: 'update balances set balance_nano = $2, sequence = $3 where account_id = $1',
        values: [accountId, after, sequence],
      });
      await tx.query({
        name: 'peer-line',
        text: `insert into ledger_lines (account_id, sequence, kind, counterparty, amount_nano, balance_after_nano, key, reference, description)
       values ($1, $2, 'usage', 'usage', $3, $4, $5, 'usage/0', '1 request')`,
        values: [accountId, sequence, -cost, after, `usage/${accountId}/${sequence}`],
      });
    }),
  );

/** Looks, then counts down, in two statements: no ledger, no key, and two callers at once both pass the check. */
export const checkThenDeduct = (pool: Pool, events: number, accountIds: readonly string[]): Promise<number> =>
  oneByOne(events, accountIds, async ({ accountId, cost }) => {
    const {
      rows: [row],
    } = await pool.query<{ balance_nano: bigint }>({
      name: 'peer-check',
      text: 'select balance_nano from balances where account_id = $1',
      values: [accountId],
    });
    if (row!.balance_nano > 0n)
      await pool.query({
        name: 'peer-deduct',
        text: 'update balances set balance_nano = balance_nano - $2 where account_id = $1',
        values: [accountId, cost],
      });
  });

/** At its best concurrency: so many callers, each with one event at a time. */
const oneByOne = (
  events: number,
  accountIds: readonly string[],
  act: (event: PricedEvent) => Promise<unknown>,
): Promise<number> =>
  bestOf(
    [8, 32].map((callers) => () => {
      const queue = makePricedEvents(events, accountIds);
      const caller = async (): Promise<void> => {
        for (let event = queue.pop(); event; event = queue.pop()) await act(event);
      };
      return clock(
        events,
        Array.from({ length: callers }, () => caller),
      );
    }),
  );

async function clock(events: number, work: readonly (() => Promise<void>)[]): Promise<number> {
  const started = performance.now();
  await Promise.all(work.map((act) => act()));
  return events / ((performance.now() - started) / 1_000);
}
