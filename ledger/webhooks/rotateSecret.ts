/** Replaces the secret that signs for an endpoint. */
import { SECRET_OVERLAP_HOURS, SECRETS_MAX } from '../../domain/webhook';
import type { Tx } from '../db';
import { lockEndpoint } from './lockEndpoint';

/**
 * Puts a new secret in force. The ones before it go on signing for SECRET_OVERLAP_HOURS from their own replacement.
 * Returns until when, or null when the account has no such endpoint.
 */
export async function rotateSecret(
  tx: Tx,
  accountId: string,
  endpointId: string,
  secret: string,
): Promise<Date | null> {
  if (!(await lockEndpoint(tx, accountId, endpointId))) return null;
  const { rows } = await tx.query<{ expires_at: Date }>(
    `update webhook_secrets set expires_at = now() + make_interval(hours => $2) where endpoint_id = $1 and expires_at is null returning expires_at`,
    [endpointId, SECRET_OVERLAP_HOURS],
  );
  await tx.query('insert into webhook_secrets (endpoint_id, secret) values ($1, $2)', [endpointId, secret]);
  await tx.query(
    `delete from webhook_secrets where endpoint_id = $1 and (expires_at <= now()
       or id not in (select id from webhook_secrets where endpoint_id = $1 order by id desc limit $2))`,
    [endpointId, SECRETS_MAX],
  );
  return rows[0]!.expires_at;
}
