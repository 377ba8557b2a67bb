/** A request for a higher limit as a row (L6). */
import type { LimitKey } from '../../domain/limits';
import type { LimitRequestStatus } from '../../domain/limitRequest';
import { limitColumns, toLimit, type LimitRow } from './readLimit';

export type LimitRequest = {
  id: string;
  accountId: string;
  accountName: string;
  tier: string;
  key: LimitKey;
  /** Null for limits that are not counted by model, and for all models that have no limit of their own. */
  model: string | null;
  requested: number;
  reason: string;
  status: LimitRequestStatus;
  /** What was granted; null unless approved. */
  granted: number | null;
  note: string | null;
  actor: string;
  /** The member who asked; null for one whose account was erased. */
  memberId: string | null;
  decidedBy: string | null;
  createdAt: Date;
  decidedAt: Date | null;
  /** The limit that is in force now. */
  current: number;
};

export type LimitRequestRow = LimitRow & {
  id: string;
  account_id: string;
  account_name: string;
  key: LimitKey;
  model_id: string | null;
  requested: bigint;
  reason: string;
  status: LimitRequestStatus;
  limit_value: bigint | null;
  note: string | null;
  actor: string;
  member_id: string | null;
  decided_by: string | null;
  created_at: Date;
  decided_at: Date | null;
};

/** SQL: what `toLimitRequest` takes, of `limit_requests q`. */
export const SELECT_LIMIT_REQUESTS = `
  select q.*, a.name as account_name, ${limitColumns('q.key', `coalesce(q.model_id, '')`)}
  from limit_requests q join accounts a on a.id = q.account_id`;

export const toLimitRequest = (row: LimitRequestRow): LimitRequest => ({
  id: row.id,
  accountId: row.account_id,
  accountName: row.account_name,
  tier: row.tier,
  key: row.key,
  model: row.model_id,
  requested: Number(row.requested),
  reason: row.reason,
  status: row.status,
  granted: row.limit_value === null ? null : Number(row.limit_value),
  note: row.note,
  actor: row.actor,
  memberId: row.member_id,
  decidedBy: row.decided_by,
  createdAt: row.created_at,
  decidedAt: row.decided_at,
  current: toLimit(row.key, row),
});
