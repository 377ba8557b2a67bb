/** The account's state as activities: each is one transaction under the account's lock that ends with a snapshot. */
import type { DecisionRecord, Snapshot, AccountStatus } from '../domain/accountState';
import type { StatusNotice } from '../domain/decision';
import { closeReload } from '../ledger/reloads/closeReload';
import { openReload, type OpenedReload } from '../ledger/reloads/openReload';
import { recordDecision } from '../ledger/decisions/recordDecision';
import { recordStrike } from '../ledger/reloads/recordStrike';
import { saveStatus } from '../ledger/decisions/saveStatus';
import type { Dependencies } from './dependencies';
import { inSnapshot, type Decided } from './inSnapshot';

/** Why a reload that is due was not opened. */
const NOT_OPENED: Record<Extract<OpenedReload, { kind: 'refused' }>['because'], string> = {
  settings_changed: 'the settings were changed meanwhile',
  not_due: 'the balance has changed meanwhile',
  suspended: 'no card is charged while the account is suspended',
  uncanceled: 'an earlier charge that was not paid is still being canceled',
  monthly_limit: 'it would go over the monthly limit',
  breaker: 'there were ten reloads within an hour',
};

/** What is recorded: the decision itself, or why nothing was charged. */
function asOpened(decision: DecisionRecord, opened: OpenedReload): DecisionRecord {
  if (opened.kind !== 'refused') return decision;
  const isLimit = opened.because === 'monthly_limit' || opened.because === 'breaker';
  const because = `${decision.because}, but ${NOT_OPENED[opened.because]}`;
  return { ...decision, kind: 'not_charged', rule: isLimit ? 'A12' : 'A7', because };
}

export function createAccountActivities(deps: Dependencies) {
  const { policy } = deps;

  return {
    /** Reads the account (O4); Postgres then takes the workflow to know its news. */
    async readAccount(accountId: string, knownRevision?: number): Promise<Snapshot> {
      return inSnapshot(deps, { accountId, knownRevision });
    },

    /** Opens the next reload, or says in the snapshot why not (A7, A12). */
    async openReload({
      reloadId,
      settingsVersion,
      ...decided
    }: Decided & { reloadId: string; settingsVersion: number }): Promise<Snapshot> {
      const { accountId, decision } = decided;
      return inSnapshot(deps, decided, async (tx) => {
        const wish = { reloadId, accountId, settingsVersion, nowMs: decision.atMs, actor: 'workflow' };
        const opened = await openReload(tx, wish, policy);
        await recordDecision(tx, accountId, asOpened(decision, opened), { wish, opened });
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
      const snapshot = await inSnapshot(deps, decided, async (tx) => {
        const strike = { accountId, reloadId, attempt, methodsVersion, nowMs: decision.atMs };
        await recordStrike(tx, strike, policy);
        await recordDecision(tx, accountId, decision, strike);
      });
      deps.counts?.reloadUnpaid('strike');
      return snapshot;
    },

    /** Closes a reload unpaid; its PaymentIntent is canceled next (A7). */
    async closeReload({
      reloadId,
      state,
      ...decided
    }: Decided & { reloadId: string; state: 'failed' | 'canceled' }): Promise<Snapshot> {
      const { accountId, decision } = decided;
      const snapshot = await inSnapshot(deps, decided, async (tx) => {
        const closing = { accountId, reloadId, state, because: decision.because, nowMs: decision.atMs };
        await closeReload(tx, closing);
        await recordDecision(tx, accountId, decision, closing);
      });
      deps.counts?.reloadUnpaid(state);
      return snapshot;
    },

    /**
     * Saves the account's status, with the notice that goes with it (S2, N1). A status that was decided from an older snapshot is not saved.
     * Saved histories and stored decisions know it by its earlier name, `standing`.
     */
    async saveStanding({
      standing: status,
      notice,
      ...decided
    }: Decided & { standing: AccountStatus; notice: StatusNotice | null }): Promise<Snapshot> {
      const { accountId, knownRevision, decision } = decided;
      return inSnapshot(deps, decided, async (tx) => {
        const saved = await saveStatus(tx, { accountId, knownRevision, key: decision.id, status, notice });
        if (saved && (decision.kind !== 'note' || notice !== null))
          await recordDecision(tx, accountId, decision, { standing: status, notice });
      });
    },
  };
}
