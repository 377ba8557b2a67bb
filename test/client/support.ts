/** A client of a test API that notes what it is told, and what the ledger says of its events. */
import {
  createClient,
  type BallastClient,
  type BallastError,
  type ClientOptions,
  type RejectedEvent,
} from '../../client';
import type { TestDatabase } from '../support/database';

export type NotedClient = BallastClient & { errors: BallastError[]; rejected: RejectedEvent[] };

export function notedClient(options: ClientOptions): NotedClient {
  const errors: BallastError[] = [];
  const rejected: RejectedEvent[] = [];
  const client = createClient({
    gate: false,
    onError: (error) => errors.push(error),
    onRejected: (one) => rejected.push(one),
    ...options,
  });
  // The getters stay getters.
  return Object.create(client, { errors: { value: errors }, rejected: { value: rejected } }) as NotedClient;
}

/** Events of the account in the ledger, and what they cost in all, in nano-dollars. */
export async function charged({ pool }: TestDatabase, accountId: string): Promise<{ events: number; cost: string }> {
  const { rows } = await pool.query<{ events: number; cost: string }>(
    'select count(*)::int as events, coalesce(sum(cost_nano), 0)::text as cost from usage_events where account_id = $1',
    [accountId],
  );
  return rows[0]!;
}
