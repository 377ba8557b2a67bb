/** Settles a hold with the usage it was for: the usage is posted and the money goes back in one transaction (B5). */
import type { Nano } from '../../domain/money';
import type { Tx } from '../db';
import { endHold } from './endHold';
import { lockHold } from './lockHold';
import type { HoldStatus } from './hold';
import type { MovedPosition } from '../accounts/position';
import { postUsage, type NotPosted, type PricedEvent } from '../usage/postUsage';

type Refusal = Exclude<NotPosted, 'duplicate'>;

export type Settling = {
  accountId: string;
  holdId: string;
  /** Of that account, at least one; what was posted before is a duplicate and costs nothing again. */
  events: readonly PricedEvent[];
  /** A hash of the content that was asked for, so that a repeat is known and other content refused. */
  settleHash: string;
};
export type SettledHold =
  /** `position` is null when the hold was settled with just this before, and nothing was changed. */
  | { kind: 'settled'; charged: Nano; released: Nano; position: MovedPosition | null }
  | { kind: 'not_found' }
  /** It was released, or settled with something else. */
  | { kind: 'ended'; status: HoldStatus }
  /** By place in `events`: why these can't be posted. Nothing was posted, and the hold is as it was. */
  | { kind: 'rejected'; notPosted: Map<number, Refusal> };

/** A settle, a release, an expiry and usage that names the hold wait for each other at the account's lock: one wins. */
export async function settleHold(tx: Tx, { accountId, holdId, events, settleHash }: Settling): Promise<SettledHold> {
  const hold = await lockHold(tx, accountId, holdId);
  if (!hold) return { kind: 'not_found' };
  if (hold.status === 'settled' && hold.settleHash === settleHash)
    return { kind: 'settled', charged: hold.charged!, released: hold.released!, position: null };
  if (hold.status === 'settled' || hold.status === 'released') return { kind: 'ended', status: hold.status };

  await tx.query('savepoint unsettled');
  const { positions, notPosted } = await postUsage(
    tx,
    events.map((event) => ({ ...event, holdId })),
  );
  const rejected = new Map([...notPosted].filter((one): one is [number, Refusal] => one[1] !== 'duplicate'));
  if (rejected.size > 0) {
    await tx.query('rollback to savepoint unsettled');
    return { kind: 'rejected', notPosted: rejected };
  }
  if (notPosted.size === events.length) {
    const { hold: ended, position } = await endHold(tx, hold, { status: 'settled', settleHash });
    return { kind: 'settled', charged: ended.charged!, released: ended.released!, position };
  }
  const { rows } = await tx.query<{ charged_nano: Nano; released_nano: Nano }>(
    'update holds set settle_hash = $2 where id = $1 returning charged_nano, released_nano',
    [holdId, settleHash],
  );
  return {
    kind: 'settled',
    charged: rows[0]!.charged_nano,
    released: rows[0]!.released_nano,
    position: positions.get(accountId)!,
  };
}
