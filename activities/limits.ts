/** A limit request's step (L6): tell the admins when a mail is due, and say until when to wait. */
import { transaction } from '../ledger/db';
import { advanceLimitRequest, type LimitRequestAdvanced } from '../ledger/limits/advanceLimitRequest';
import type { Dependencies } from './dependencies';

export const createLimitActivities = ({ pool, log, admins }: Pick<Dependencies, 'pool' | 'log' | 'admins'>) => ({
  /** If it is killed, it runs again: the mail is posted in the transaction that changes the row, under a key of its own. */
  async advanceLimitRequest({ requestId, nowMs }: { requestId: string; nowMs: number }): Promise<LimitRequestAdvanced> {
    const advanced = await transaction(pool, (tx) => advanceLimitRequest(tx, { requestId, nowMs, admins }));
    if (advanced.kind === 'wait' && advanced.mailed === 0)
      log.warn({ request: requestId }, 'a limit request waits, and ADMIN_EMAILS names nobody who is told');
    return advanced;
  },
});
