/** Removes a webhook endpoint from an account. */
import type { Tx } from '../db';

/** Removes the endpoint and forgets its secrets. Returns false when the account has no such endpoint. */
export async function removeEndpoint(tx: Tx, accountId: string, endpointId: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    'update webhook_endpoints set removed_at = now() where id = $2 and account_id = $1 and removed_at is null',
    [accountId, endpointId],
  );
  if (rowCount === 0) return false;
  await tx.query('delete from webhook_secrets where endpoint_id = $1', [endpointId]);
  return true;
}
