/** Gives a hold's money back because nothing came of the request it was for (B5). */
import type { Tx } from '../db';
import { endHold } from './endHold';
import { lockHold } from './lockHold';
import type { Hold } from './hold';
import type { Position } from '../accounts/position';

export type ReleasedHold =
  /** `position` is null when it was released before, and nothing was changed. */
  { kind: 'released'; hold: Hold; position: Position | null } | { kind: 'settled' } | { kind: 'not_found' };

/** Of a hold that has expired the money is back already; it counts as released from here on. */
export async function releaseHold(tx: Tx, accountId: string, holdId: string): Promise<ReleasedHold> {
  const hold = await lockHold(tx, accountId, holdId);
  if (!hold) return { kind: 'not_found' };
  if (hold.status === 'settled') return { kind: 'settled' };
  if (hold.status === 'released') return { kind: 'released', hold, position: null };
  return { kind: 'released', ...(await endHold(tx, hold, { status: 'released' })) };
}
