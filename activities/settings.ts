/** What owners ask of auto-reload, as activities: the change with its record, and how a first charge has ended. */
import type { SettingsAnswer, SettingsRequest, Snapshot } from '../domain/accountState';
import { formatCents } from '../domain/money';
import { dollars } from '../domain/words';
import { lockAccount } from '../ledger/accounts/lockAccount';
import { recordAudit } from '../ledger/audit/recordAudit';
import { transaction, type Tx } from '../ledger/db';
import { readSnapshot } from '../ledger/decisions/readSnapshot';
import { recordDecision } from '../ledger/decisions/recordDecision';
import { readReloadEnd } from '../ledger/reloads/readReloadEnd';
import type { ChangedSettings } from '../ledger/settings/changedSettings';
import { changeSettings } from '../ledger/settings/changeSettings';
import { findAnswer } from '../ledger/settings/findAnswer';
import type { Dependencies } from './dependencies';
import type { Decided } from './inSnapshot';

/** What came of a request, for its record. */
function andSo(answer: ChangedSettings): string {
  if (answer.kind === 'refused') return `, but ${answer.detail}`;
  if (answer.kind !== 'charging' || answer.cents === null) return '';
  return `; available is at or below the new threshold, so ${dollars(formatCents(answer.cents))} is charged first`;
}

export function createSettingsActivities({ pool, policy }: Dependencies) {
  /** The change, who made it (O5) and why it was made, all in the caller's transaction. */
  async function carryOutRequest(
    tx: Tx,
    { accountId, decision }: Decided,
    request: SettingsRequest,
  ): Promise<ChangedSettings> {
    const answer = await changeSettings(tx, accountId, request, policy, decision.atMs);
    await recordDecision(
      tx,
      accountId,
      { ...decision, because: `${decision.because}${andSo(answer)}` },
      { request, answer },
    );
    const audit = (details: object): Promise<void> =>
      recordAudit(tx, accountId, request.actor, `auto_reload.${request.kind}`, details);
    // Whoever asked for a charge is on record, refused too; the others only when something changed.
    if (request.kind === 'configure') await audit({ ...request.settings, outcome: answer.kind });
    else if (answer.kind !== 'refused') await audit({});
    return answer;
  }

  return {
    /** Does what an owner asked, once (A1–A5, A13). `charging`: the first charge is open under the request's id. */
    async changeSettings({
      request,
      ...decided
    }: Decided & { request: SettingsRequest }): Promise<{ answer: ChangedSettings; snapshot: Snapshot }> {
      return transaction(pool, async (tx) => {
        await lockAccount(tx, decided.accountId);
        const answer = (await findAnswer(tx, decided.decision.id)) ?? (await carryOutRequest(tx, decided, request));
        return { answer, snapshot: await readSnapshot(tx, decided, policy) };
      });
    },

    /** How a first charge has ended, as the answer to who asked for it (A5). */
    async concludeFirstCharge(reloadId: string): Promise<SettingsAnswer> {
      const end = await readReloadEnd(pool, reloadId);
      if (end.state === 'succeeded') return { kind: 'charged', cents: end.cents, sequence: end.sequence! };
      // Money was taken, and nobody knows yet what becomes of it: an operator looks.
      if (end.quarantined) return { kind: 'pending' };
      if (end.state === 'failed') {
        return {
          kind: 'declined',
          declineCode: end.declineCode ?? 'card_declined',
          message: end.declineMessage ?? 'No payment method on file could be charged.',
        };
      }
      if (end.inForce) return { kind: 'saved' };
      const code = end.suspended ? 'account_suspended' : 'auto_reload_not_on';
      return {
        kind: 'refused',
        code,
        detail: `the first charge of $${formatCents(end.cents)} was not made: ${end.because}`,
      };
    },
  };
}
