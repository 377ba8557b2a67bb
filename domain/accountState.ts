/** All the account's workflow knows, as plain JSON: what it decides from, carries on, and reads from Postgres. */
import type { AutoReloadSettings, AutoReloadStatus, Trigger } from './autoReload';
import type { Reason, SetReason } from './gate';

/** How a deployment wants reloads to run. Read with each snapshot, so that a replay sees what the run saw. */
export type Policy = {
  trigger: Trigger;
  /** Waits after the first, second, … strike in a row (A10); the last one is used for all later. */
  retryDelaysMs: number[];
  /** At or below it the balance is low where auto-reload is not on (S4). @default 500 */
  lowLevelCents?: number;
};

export type MethodRole = 'primary' | 'backup';
export type SavedMethod = { id: string; role: MethodRole; usable: boolean };
export type AttemptOutcome = 'succeeded' | 'declined' | 'unknown';

export type OpenReload = {
  id: string;
  number: number;
  cents: number;
  /** charging: an attempt is due now; waiting: the next one is due later; unknown: what Stripe did must be found out. */
  state: 'charging' | 'waiting' | 'unknown';
  attempt: number;
  dueMs: number;
  /** A5's first charge: it puts its wished settings in force when it is paid, and is no strike when it is not. */
  first: boolean;
  /** Methods confirmed in this attempt, in order. */
  tried: { methodId: string; outcome: AttemptOutcome }[];
};

/** `suspended`: by an admin, a dispute or closing; an empty balance blocks no reload. */
export type BlockedBy = 'monthly_limit' | 'breaker' | 'suspended' | 'pending_payment';

/**
 * The account as one transaction saw it. Money is a decimal string. `revision` grows with each snapshot taken, so
 * that of two that arrive out of order the newer one counts.
 */
export type Snapshot = {
  accountId: string;
  revision: number;
  /**
   * False: Postgres does not take the workflow to know this, as it was asked by one that knew an older revision; it must
   * be read again. Absent in answers of earlier releases: true.
   */
  acknowledged?: boolean;
  /** Of the balance: grows with each change of balance or held. */
  watermark: number;
  available: string;
  setReasons: SetReason[];
  settings: Partial<AutoReloadSettings> & { status: AutoReloadStatus; version: number };
  strikes: number;
  lastStrikeMs: number | null;
  /** Grows when a method is added, replaced or removed; a waiting attempt that has not tried it is due at once (A10). */
  methodsVersion: number;
  triedMethodsVersion: number;
  methods: SavedMethod[];
  reload: OpenReload | null;
  /**
   * The payment of a reload that closed unpaid, until Stripe has confirmed its cancellation (A7). `failing`: the tries
   * that failed, since when (ISO 8601), and what the newest has brought; absent in answers of earlier releases.
   */
  uncanceled: {
    paymentId: string;
    awaitsOwner: boolean;
    failing?: { tries: number; since: string; because: string } | null;
    /** When its cancellation is tried again: news of the payment makes it now. Absent in answers of earlier releases. */
    dueMs?: number;
  } | null;
  flag: { reasons: Reason[]; sinceMs: number; told: 'due' | 'told' | 'never' };
  toldLow: boolean;
  /**
   * How often access went and the balance became low, as Postgres has counted it, and which of these the flag and
   * `toldLow` are of. Absent in answers of earlier releases: what the workflow sees is all that it knows.
   */
  falls?: { suspensions: number; seenSuspensions: number; lows: number; toldLows: number };
  blocked: { by: BlockedBy; untilMs: number | null } | null;
  policy: Policy;
};

/** Who asks an activity: whose workflow, and the revision that it knew; absent in what runs of earlier releases ask. */
export type AskedFrom = { accountId: string; knownRevision?: number };

/**
 * What whoever asks was told that it would charge at once, in whole cents, 0 for nothing: if it would be another sum,
 * nothing is changed or charged. Absent: nothing was announced, and whatever it is is charged.
 */
export type Announced = { expectedChargeCents?: number };

/** What an owner asks of auto-reload; the main loop answers it. */
export type SettingsRequest = { requestId: string; actor: string } & (
  | ({ kind: 'configure'; settings: AutoReloadSettings } & Announced)
  | { kind: 'pause' }
  | ({ kind: 'resume' } & Announced)
  | { kind: 'disable' }
);

export type RefusalCode =
  | 'account_closed'
  | 'payment_method_required'
  | 'first_purchase_required'
  | 'reload_in_flight'
  | 'account_suspended'
  | 'breaker_reached'
  | 'charge_changed'
  | 'amount_too_small'
  | 'monthly_limit_exceeded'
  | 'auto_reload_not_on'
  | 'auto_reload_not_paused';

export type SettingsAnswer =
  | { kind: 'saved' }
  | { kind: 'charged'; cents: number; sequence: number }
  | { kind: 'declined'; declineCode: string; message: string }
  /** `wouldChargeCents`: of `charge_changed`, what would be charged at once now; 0: nothing. */
  | { kind: 'refused'; code: RefusalCode; detail: string; wouldChargeCents?: number }
  /** The first charge's outcome is not known after 20 s; the old settings stay in force until it is (A5). */
  | { kind: 'pending' };

/** One decision, as the record keeps it (A15). */
export type DecisionRecord = { id: string; atMs: number; kind: string; rule: string; because: string };

/** What the workflow keeps up to date besides reloads: the suspension flag, what owners were told, and what blocks a reload. */
export type AccountStatus = Pick<Snapshot, 'flag' | 'toldLow' | 'blocked'> & {
  /** It is of the newest suspension, or of the newest low balance. Absent in what runs of earlier releases ask. */
  begins?: { suspension: boolean; low: boolean };
};

export type AccountState = {
  snapshot: Snapshot;
  /** Available when the database last saw the workflow fold it; a crossing since then must be acknowledged. */
  acknowledgedAvailable: string;
  /** Something other than usage has changed: the snapshot must be read again. */
  stale: boolean;
  /** A charge is under way; nothing else is done about the reload meanwhile. */
  charging: boolean;
  requests: SettingsRequest[];
  /** Usage that was reported by signal and is not posted yet; absent in states that older runs carried on. */
  reported?: unknown[];
  /** The request whose first charge is the open reload. */
  firstCharge: { requestId: string; reloadId: string } | null;
  /** After Stripe could not be asked: when to try again, and how often that has happened in a row. */
  retry: {
    dueMs: number;
    tries: number;
    /** The payment that could not be canceled, if it was that, and when Postgres then said to try again. */
    canceling?: { paymentId: string; dueMs: number };
  };
  /** The newest decisions, newest last, for the `decisions` query. */
  decisions: DecisionRecord[];
};
