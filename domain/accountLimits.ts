/** How many of each thing an account may have at the same time, and the refusal of one more: without a bound, one account could fill what all share (docs/limits.md). */
import { Problem } from './errors';

/** What a deployment sets. Webhook endpoints, files and datasets have limits of their own, the same everywhere. */
export type AccountLimits = {
  members: number;
  /** Keys in force, of all its members together. */
  memberKeys: number;
  openHolds: number;
  /** Saved ones, whatever their role. */
  paymentMethods: number;
};

export const DEFAULT_ACCOUNT_LIMITS: AccountLimits = {
  members: 50,
  memberKeys: 200,
  openHolds: 10_000,
  paymentMethods: 20,
};

export type Bounded = {
  /** What they are called. */
  what: string;
  /** How they become fewer. */
  remedy: string;
  /** @default limit_reached */
  code?: 'limit_reached' | 'too_many_members' | 'too_many_limit_requests';
};

export const MEMBERS: Bounded = { what: 'members', remedy: 'Remove one first.', code: 'too_many_members' };
export const MEMBER_KEYS: Bounded = { what: "members' keys", remedy: 'Revoke one first.' };
export const OPEN_HOLDS: Bounded = {
  what: 'open holds',
  remedy: 'Settle or release some, or wait until they expire.',
};
export const PAYMENT_METHODS: Bounded = { what: 'payment methods', remedy: 'Remove one first.' };
export const WEBHOOK_ENDPOINTS: Bounded = { what: 'webhook endpoints', remedy: 'Remove one first.' };
export const DEDICATED_ENDPOINTS: Bounded = {
  what: 'dedicated endpoints',
  remedy: 'Remove one first, or ask for a higher limit.',
};
export const LIMIT_REQUESTS: Bounded = {
  what: 'limit requests that are not decided',
  remedy: 'Wait for some of them.',
  code: 'too_many_limit_requests',
};

/** The refusal of so many at once, where there are none yet. */
export function tooManyAtOnce({ what, code = 'limit_reached' }: Bounded, limit: number, requested: number): Problem {
  return new Problem(code, `An account may have 1 to ${limit} ${what}; these are ${requested}.`, {
    members: { limit, in_use: 0, requested },
  });
}

/** @param inUse how many there are; more than the limit where that was lowered */
export function limitReached(
  { what, remedy, code = 'limit_reached' }: Bounded,
  limit: number,
  inUse: number,
  headers?: Record<string, string>,
): Problem {
  return new Problem(code, `An account may have 0 to ${limit} ${what}, and has ${inUse}. ${remedy}`, {
    members: { limit, in_use: inUse },
    ...(headers && { headers }),
  });
}
