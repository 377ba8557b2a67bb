/** The account's state as activities: each is one transaction under the account's lock that ends with a snapshot. */
import type {
  AskedFrom,
  DecisionRecord,
  SettingsAnswer,
  SettingsRequest,
  Snapshot,
  Standing,
} from '../domain/accountState';
import type { StandingNotice } from '../domain/decision';
import { formatCents } from '../domain/money';
import { dollars } from '../domain/words';
import { recordAudit } from '../ledger/audit/recordAudit';
import { changeSettings } from '../ledger/settings/changeSettings';
import type { ChangedSettings } from '../ledger/settings/changedSettings';
import { closeReload } from '../ledger/reloads/closeReload';
import { transaction, type Tx } from '../ledger/db';
import { findAnswer } from '../ledger/settings/findAnswer';
import { lockAccount } from '../ledger/accounts/lockAccount';
import { openReload, type OpenedReload } from '../ledger/reloads/openReload';
import { readReloadEnd } from '../ledger/reloads/readReloadEnd';
import { readSnapshot } from '../ledger/decisions/readSnapshot';
import { recordDecision } from '../ledger/decisions/recordDecision';
import { recordStrike } from '../ledger/reloads/recordStrike';
import { saveStanding } from '../ledger/decisions/saveStanding';
import type { Dependencies } from './dependencies';
import { inSnapshot } from './inSnapshot';

/** What every decision's activity is told: whose account, which decision, when, and from what. */
export type Decided = AskedFrom & { decision: DecisionRecord };

/** Why a reload that is due was not opened. */
const NOT_OPENED: Record<Extract<OpenedReload, { kind: 'refused' }>['because'], string> = {
  settings_changed: 'the settings were changed meanwhile',
  not_due: 'the balance has changed meanwhile',
  suspended: 'no card is charged while the account is suspended',
  uncanceled: 'an earlier charge that was not paid is still being canceled',
  monthly_limit: 'it would go over the monthly limit',
  breaker: 'there were ten reloads within an hour',
};

/** What came of a request, for its record. */
function andSo(answer: ChangedSettings): string {
  if (answer.kind === 'refused') return `, but ${answer.detail}`;
  if (answer.kind !== 'charging' || answer.cents === null) return '';
  return `; available is at or below the new threshold, so ${dollars(formatCents(answer.cents))} is charged first`;
}

export function createAccountActivities(deps: Dependencies) {
  const { pool, policy } = deps;

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
    /** Reads the account (O4); Postgres then takes the workflow to know its news. */
    async readAccount(accountId: string, knownRevision?: number): Promise<Snapshot> {
      return inSnapshot(deps, { accountId, knownRevision });
    },

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

    /** Opens the next reload, or leaves in the snapshot what stands against it (A7, A12). */
    async openReload({
      reloadId,
      settingsVersion,
      ...decided
    }: Decided & { reloadId: string; settingsVersion: number }): Promise<Snapshot> {
      const { accountId, decision } = decided;
      return inSnapshot(deps, decided, async (tx) => {
        const wish = { reloadId, accountId, settingsVersion, nowMs: decision.atMs, actor: 'workflow' };
        const opened = await openReload(tx, wish, policy);
        const record: DecisionRecord =
          opened.kind === 'refused'
            ? {
                ...decision,
                kind: 'not_charged',
                rule: opened.because === 'monthly_limit' || opened.because === 'breaker' ? 'A12' : 'A7',
                because: `${decision.because}, but ${NOT_OPENED[opened.because]}`,
              }
            : decision;
        await recordDecision(tx, accountId, record, { wish, opened });
      });
    },

    /** A8, A10: every method failed. */
    async recordStrike({
      reloadId,
      attempt,
      methodsVersion,
      ...decided
    }: Decided & { reloadId: string; attempt: number; methodsVersion: number }): Promise<Snapshot> {
      const { accountId, decision } = decided;
      return inSnapshot(deps, decided, async (tx) => {
        const strike = { accountId, reloadId, attempt, methodsVersion, nowMs: decision.atMs };
        await recordStrike(tx, strike, policy);
        await recordDecision(tx, accountId, decision, strike);
      });
    },

    /** Closes a reload unpaid; its PaymentIntent is canceled next (A7). */
    async closeReload({
      reloadId,
      state,
      ...decided
    }: Decided & { reloadId: string; state: 'failed' | 'canceled' }): Promise<Snapshot> {
      const { accountId, decision } = decided;
      return inSnapshot(deps, decided, async (tx) => {
        const closing = { accountId, reloadId, state, because: decision.because, nowMs: decision.atMs };
        await closeReload(tx, closing);
        await recordDecision(tx, accountId, decision, closing);
      });
    },

    /** Saves the flag and its like, with the mail that goes with it (S2, N1); what was decided from an older snapshot is left. */
    async saveStanding({
      standing,
      notice,
      ...decided
    }: Decided & { standing: Standing; notice: StandingNotice | null }): Promise<Snapshot> {
      const { accountId, knownRevision, decision } = decided;
      return inSnapshot(deps, decided, async (tx) => {
        const saved = await saveStanding(tx, { accountId, knownRevision, key: decision.id, standing, notice });
        if (saved && (decision.kind !== 'note' || notice !== null))
          await recordDecision(tx, accountId, decision, { standing, notice });
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
