/** The gate: may this account run inference now? Derived from money, reasons and a reload in flight (S1–S4). */
import type { Nano } from './money';

export type GateState = 'ok' | 'low' | 'reloading' | 'suspended';
/** Reasons that are set and lifted by people and disputes; kept as rows in Postgres. */
export type SetReason = 'admin_suspended' | 'payment_disputed' | 'account_closed';
export type Reason = 'balance_exhausted' | SetReason;

export type Gate = {
  accountId: string;
  allowed: boolean;
  state: GateState;
  reasons: Reason[];
  /** Present while a reload in flight may lift a suspension. */
  retryAfterSeconds?: number;
  /** Grows with every change of the account's gate; a smaller one is stale. */
  version: number;
  asOf: string;
};

/** What a gate says that has not heard from the database for longer than `staleAfterMs` (S6): no answer, or the last known one. */
export type StalePolicy = { onStale: 'fail_closed' | 'fail_open'; staleAfterMs: number };

/** What is in force, in the order in which it is told: the money first. */
export const reasonsOf = (available: Nano, set: readonly SetReason[]): Reason[] => [
  ...(available <= 0n ? (['balance_exhausted'] as const) : []),
  ...[...set].sort(),
];

/** Set when an admin begins to close the account, and never lifted. */
export const isClosed = (set: readonly SetReason[]): boolean => set.includes('account_closed');

/** How long a charge that is under way usually takes, for `retryAfterSeconds`. */
const CHARGING_SECONDS = 2;

/** Seconds after which asking again may help, or undefined when no reload can lift the suspension (S4). */
export function retryAfterSeconds(
  reasons: readonly Reason[],
  reloadDueMs: number | null,
  nowMs: number,
): number | undefined {
  const onlyMoney = reasons.length === 1 && reasons[0] === 'balance_exhausted';
  if (!onlyMoney || reloadDueMs === null) return undefined;
  return Math.max(CHARGING_SECONDS, Math.ceil((reloadDueMs - nowMs) / 1_000));
}
