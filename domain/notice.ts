/** What owners are told (N1): the kinds of event and what is said of each. Money is a decimal string, times are ISO 8601. */
import type { AutoReloadStatus } from './autoReload';
import type { Reason } from './gate';

/** The card of a charge, as far as it may be shown. */
type Card = { brand?: string; last4?: string };

/** P5: money that was taken back may leave so little that auto-reload is paused, or the card would be charged right back. */
type TakenBack = { autoReloadPaused?: boolean };

export type Notice =
  /** Auto-reload will not help: it is off, or on and not able to run. */
  | { kind: 'low_balance'; available: string; autoReload: AutoReloadStatus }
  | { kind: 'suspended'; reasons: Reason[]; available: string }
  | { kind: 'resumed'; available: string }
  | ({ kind: 'reload_succeeded'; number: number; amount: string; balance: string; receiptUrl?: string } & Card)
  | ({
      kind: 'first_failed_attempt';
      number: number;
      amount: string;
      declineMessage: string;
      nextAttemptAt: string | null;
    } & Card)
  | { kind: 'disabled_after_failures'; strikes: number; amount: string; threshold: string; declineMessage: string }
  | { kind: 'disabled_by_owner'; by: string; threshold: string; amount: string }
  | { kind: 'confirmation_needed'; amount: string; url: string; purpose: 'reload' | 'prepayment' }
  /** `limit`: the monthly limit in dollars, if the account has one. `pending_payment`: an earlier charge is undecided. */
  | { kind: 'guard_reached'; guard: 'monthly_limit' | 'breaker' | 'pending_payment'; limit?: string }
  /** The provider has deleted the account's customer, and all its methods with it. */
  | { kind: 'payment_methods_lost'; autoReload: AutoReloadStatus }
  /** `came_back`: a refund that failed after it was made. */
  | ({ kind: 'refund'; amount: string; status: 'made' | 'came_back'; balance: string } & TakenBack)
  | ({ kind: 'dispute'; amount: string; status: 'opened' | 'won' | 'lost' } & TakenBack)
  /** To one member, whose address is not confirmed; `url` is added when it is sent. */
  | { kind: 'invitation'; memberId: string; expiresAt: string; url?: string }
  /** To whoever owns an address and asked for it; `url` is added when it is sent. */
  | { kind: 'sign_in_link'; signInId: string; expiresAt: string; url?: string }
  /** A batch job has ended, however. `charged`: what its results cost in all. */
  | {
      kind: 'batch_ended';
      batch: string;
      status: 'completed' | 'failed' | 'expired' | 'cancelled';
      requests: number;
      completed: number;
      failed: number;
      charged: string;
    }
  /** `limit`: what is in force now; null in notices of an earlier release. */
  | {
      kind: 'limit_request_decided';
      request?: string;
      key: string;
      model?: string | null;
      decision: 'approve' | 'deny';
      limit: string | null;
      note: string;
    }
  /** To the admins of the deployment, not to the account. */
  | {
      kind: 'limit_request_waiting';
      request: string;
      account: string;
      key: string;
      model: string | null;
      requested: string;
      /** The limit in force now. */
      current: string;
      reason: string;
      by: string;
      askedAt: string;
      isReminder: boolean;
      url: string;
    };

export type NoticeKind = Notice['kind'];

/** Mails that are no news of the account, to whoever asked for a link and to the admins: its list of notices lacks them. */
export const UNLISTED_KINDS = ['sign_in_link', 'limit_request_waiting'] as const satisfies readonly NoticeKind[];

/** What webhooks do not tell of: those, and mail to somebody who is no owner yet. */
type UntoldKind = (typeof UNLISTED_KINDS)[number] | 'invitation';

/** A record, so that a new kind can't be forgotten here. */
const kinds: Record<Exclude<NoticeKind, UntoldKind>, true> = {
  low_balance: true,
  suspended: true,
  resumed: true,
  reload_succeeded: true,
  first_failed_attempt: true,
  disabled_after_failures: true,
  disabled_by_owner: true,
  confirmation_needed: true,
  guard_reached: true,
  payment_methods_lost: true,
  refund: true,
  dispute: true,
  batch_ended: true,
  limit_request_decided: true,
};
/** All kinds that webhooks tell of. */
export const NOTICE_KINDS = Object.keys(kinds) as (keyof typeof kinds)[];
