/** What an account's workflow may do next: the decisions of `decide`, each with why it fell. */
import type { MethodRole, OpenReload, SettingsRequest, AccountStatus } from './accountState';

/** Why a decision fell: the rule of the product and a sentence for people (A15). */
export type Reasoned = { rule: string; because: string };
/** What owners are told with it (N1); `pending_payment`: auto-reload can't run while an earlier charge is undecided. */
export type StatusNotice = 'suspended' | 'resumed' | 'low_balance' | 'pending_payment';

export type Decision =
  /** Read the account from Postgres, which also tells Postgres that its news has arrived. */
  | { kind: 'read' }
  /** Post usage that was reported by signal. */
  | { kind: 'post'; events: unknown[] }
  | { kind: 'answer'; request: SettingsRequest }
  /** The first charge of a request has ended: answer the request. */
  | { kind: 'conclude'; requestId: string; reloadId: string }
  | ({ kind: 'open'; settingsVersion: number } & Reasoned)
  | ({ kind: 'attempt'; reload: OpenReload; methodId: string; role: MethodRole } & Reasoned)
  | ({ kind: 'strike'; reload: OpenReload; methodsVersion: number; disables: boolean } & Reasoned)
  | ({ kind: 'close'; reload: OpenReload; state: 'failed' | 'canceled' } & Reasoned)
  | { kind: 'cancel'; paymentId: string }
  | ({
      kind: 'save_status';
      status: AccountStatus;
      notice: StatusNotice | null;
      act: 'suspend' | 'resume' | 'not_charged' | 'note';
    } & Reasoned)
  | { kind: 'wait'; untilMs: number }
  | { kind: 'rest' }
  /** The account is closed and nothing is left to do: the workflow ends. News of a late payment starts it again. */
  | { kind: 'end' };
