/** Requests for a higher limit: what may be asked and granted, and when admins are reminded (L6). */
import type { ErrorCode } from './errors';
import { LIMITS, type LimitKey } from './limits';
import { groupDigits } from './words';

export const LIMIT_REQUEST_STATUSES = ['pending', 'approved', 'denied'] as const;
export type LimitRequestStatus = (typeof LIMIT_REQUEST_STATUSES)[number];

/** Requests of an account that wait at the same time: each costs the admins a look. */
export const PENDING_REQUESTS_MAX = 20;

export type RaiseRefusal = { code: Extract<ErrorCode, 'limit_fixed' | 'out_of_range'>; because: string };

/**
 * Why a limit can't be raised so, or null when it can. The same holds for what is asked and for what is granted.
 * @param current the limit in force now
 */
export function refuseRaise(key: LimitKey, wished: number, current: number): RaiseRefusal | null {
  const { raisedTo } = LIMITS[key];
  if (raisedTo === null) return { code: 'limit_fixed', because: `The limit ${key} is the same for every account.` };
  if (wished <= current)
    return {
      code: 'out_of_range',
      because: `The limit ${key} is ${groupDigits(current)} now: ${groupDigits(wished)} is not above it.`,
    };
  if (wished > raisedTo)
    return {
      code: 'out_of_range',
      because: `The limit ${key} can be raised to ${groupDigits(raisedTo)} at most; ${groupDigits(wished)} is more.`,
    };
  return null;
}

const DAY_MS = 86_400_000;
/** After the first mail, which goes at once. */
const REMINDERS_MS = [DAY_MS, 3 * DAY_MS, 7 * DAY_MS];
/** From the last of them on. */
const THEN_EACH_MS = 7 * DAY_MS;

/** When the admins' mail of this number is due; the first is number 1. Epoch milliseconds. */
export function adminMailDueMs(createdMs: number, number: number): number {
  if (number <= 1) return createdMs;
  const listed = REMINDERS_MS[number - 2];
  if (listed !== undefined) return createdMs + listed;
  return createdMs + REMINDERS_MS.at(-1)! + (number - 1 - REMINDERS_MS.length) * THEN_EACH_MS;
}

/** How many mails the admins are due by now. Those that nobody could send in their time are one mail, not many. */
export function adminMailsDue(createdMs: number, nowMs: number): number {
  let due = 0;
  while (adminMailDueMs(createdMs, due + 1) <= nowMs) due++;
  return due;
}
