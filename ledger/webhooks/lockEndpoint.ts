/** Locks a webhook endpoint. */
import type { Tx } from '../db';

/** Holds the endpoint as it is until the transaction ends. */
export async function lockEndpoint(tx: Tx, accountId: string, endpointId: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    'select 1 from webhook_endpoints where id = $2 and account_id = $1 and removed_at is null for no key update',
    [accountId, endpointId],
  );
  return rowCount === 1;
}
