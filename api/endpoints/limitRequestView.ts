/** A limit request as the API shows it (L6). */
import { z } from 'zod';
import { LIMIT_KEYS, LIMITS, type LimitKey, type LimitUnit } from '../../domain/limits';
import { LIMIT_REQUEST_STATUSES } from '../../domain/limitRequest';
import type { LimitRequest } from '../../ledger/limits/limitRequest';
import type { Principal } from '../http/auth';
import { accountId, time, uuid } from '../http/schemas';
import { shownActor } from './shownActor';

export const limitKey = z.enum(LIMIT_KEYS as [LimitKey, ...LimitKey[]]);
export const limitUnit = z.enum([...new Set(LIMIT_KEYS.map((key) => LIMITS[key].unit))] as [LimitUnit, ...LimitUnit[]]);
export const limitRequestStatus = z.enum(LIMIT_REQUEST_STATUSES);

export const limitRequest = z
  .strictObject({
    id: uuid,
    accountId,
    accountName: z.string(),
    tier: z.string(),
    key: limitKey,
    model: z.string().optional().meta({ description: 'Without it, for every model that has no limit of its own.' }),
    unit: limitUnit,
    current: z.number().int().meta({ description: 'The limit that is in force now.' }),
    requested: z.number().int(),
    reason: z.string(),
    status: limitRequestStatus,
    limit: z.number().int().nullable().meta({ description: 'What was granted; null unless approved.' }),
    note: z.string().nullable(),
    askedBy: z.string(),
    decidedBy: z
      .string()
      .nullable()
      .meta({ description: 'For admins which of them; for members of the account `Ballast`.' }),
    createdAt: time,
    decidedAt: time.nullable(),
  })
  .meta({ id: 'LimitRequest' });

/** Of the list as CSV. */
export const LIMIT_REQUEST_COLUMNS = Object.keys(limitRequest.shape);

export const viewLimitRequest = (
  { model, granted, actor, memberId: _, decidedBy, createdAt, decidedAt, ...rest }: LimitRequest,
  principal: Principal,
): z.input<typeof limitRequest> => ({
  ...rest,
  ...(model !== null && { model }),
  unit: LIMITS[rest.key].unit,
  limit: granted,
  askedBy: shownActor(actor, principal),
  decidedBy: decidedBy && shownActor(decidedBy, principal),
  createdAt: createdAt.toISOString(),
  decidedAt: decidedAt?.toISOString() ?? null,
});
