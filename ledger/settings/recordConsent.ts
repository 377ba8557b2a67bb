/** Records who agreed to which settings, and to which version of the terms (A14). */
import { type AutoReloadSettings, TERMS_VERSION } from '../../domain/autoReload';
import type { Tx } from '../db';

export async function recordConsent(
  tx: Tx,
  accountId: string,
  actor: string,
  settings: AutoReloadSettings,
): Promise<void> {
  await tx.query('insert into consents (account_id, actor, settings, terms_version) values ($1, $2, $3, $4)', [
    accountId,
    actor,
    JSON.stringify(settings),
    TERMS_VERSION,
  ]);
}
