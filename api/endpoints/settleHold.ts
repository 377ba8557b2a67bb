/** Settling a hold with the usage it was for: all of it is posted, or nothing (B5). */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { notFound, Problem } from '../../domain/errors';
import { formatMoney, type Nano } from '../../domain/money';
import type { UsageEvent } from '../../domain/usageEvent';
import { transaction } from '../../ledger/db';
import { readHold } from '../../ledger/holds/readHold';
import type { Hold } from '../../ledger/holds/hold';
import { findUsageEvents } from '../../ledger/usage/findUsageEvents';
import { keepRejectedUsage } from '../../ledger/usage/keepRejectedUsage';
import { settleHold } from '../../ledger/holds/settleHold';
import { ok, type Reply } from '../http/endpoint';
import { money } from '../http/schemas';
import { endpoint, type Uses } from '../services';
import { signalPosition } from '../signals/signalPosition';
import { checkEvent, isRejection, toShownId, type Rejection } from '../../domain/checkEvent';
import { toKept } from '../../usage/reportUsage';
import { createUsageChecking, isSameUsage, NOT_POSTED, type Placed, type CheckedUsage } from '../../usage/checkUsage';
import { ofHold } from './holds';
import { EVENTS_BYTES_MAX, EVENTS_MAX, eventsOf, usageEvent } from './usage';

type Checked = { settleHash: string; rejected: Placed<Rejection>[] };

export const settle = endpoint({
  params: ofHold,
  body: {
    schema: z.strictObject({
      events: z
        .array(usageEvent.partial({ accountId: true }))
        .min(1)
        .max(EVENTS_MAX),
    }),
    bytesMax: EVENTS_BYTES_MAX,
    unchecked: true,
  },
  replies: { 200: z.strictObject({ status: z.literal('settled'), charged: money, released: money }) },
  uses: ['pool', 'prices', 'gates', 'signals', 'clock'],
  refusals: ['hold_ended', 'events_rejected', 'out_of_range'],
  async handle({ params: { id, holdId }, body }, services) {
    const raw = eventsOf(body).map((event) => ofAccount(event, id));
    const hold = await readHold(services.pool, id, holdId);
    if (!hold) throw await unsettled(raw, notFound(`hold ${holdId}`), services);
    const { settleHash, rejected } = check(raw, hold, services.clock.now());
    // What was settled once stays answered, whatever has become of prices and of the events' age since.
    if (hold.status === 'settled' && hold.settleHash === settleHash) return settled(hold.charged!, hold.released!);
    if (hold.status === 'settled' || hold.status === 'released')
      throw await unsettled(raw, ended(hold.status), services);
    if (rejected.length > 0) throw await refused(raw, rejected, services);

    const checked = await createUsageChecking(services.pool, services.prices, services.clock)(raw);
    if (checked.rejected.length > 0) throw await refused(raw, checked.rejected, services);
    return post(raw, hold, checked, settleHash, services);
  },
});

/** An event may leave its account out: it is the hold's. */
const ofAccount = (event: unknown, id: string): unknown =>
  typeof event === 'object' && event !== null && !Array.isArray(event) && !('accountId' in event)
    ? { ...event, accountId: id }
    : event;

/** The hash is of what makes the events what they are (B3), in any order. */
function check(raw: readonly unknown[], hold: Hold, nowMs: number): Checked {
  const rejected: Placed<Rejection>[] = [];
  const contents: string[] = [];
  raw.forEach((one, index) => {
    const event = checkEvent(one, nowMs);
    if (isRejection(event)) return rejected.push({ index, ...event });
    const stray = strayField(event, hold);
    if (stray) return rejected.push({ index, code: 'invalid_event', message: `${stray} is not the hold's` });
    return contents.push(
      JSON.stringify([
        event.id,
        event.model,
        event.inputTokens,
        event.cachedInputTokens,
        event.outputTokens,
        event.images,
        event.imageSize,
      ]),
    );
  });
  return { settleHash: createHash('sha256').update(contents.sort().join('\n')).digest('hex'), rejected };
}

function strayField(event: UsageEvent, hold: Hold): 'accountId' | 'holdId' | null {
  if (event.accountId !== hold.accountId) return 'accountId';
  return event.holdId !== null && event.holdId.toLowerCase() !== hold.id ? 'holdId' : null;
}

async function post(
  raw: readonly unknown[],
  hold: Hold,
  { events, places }: CheckedUsage,
  settleHash: string,
  services: Uses<'pool' | 'gates' | 'signals' | 'clock'>,
): Promise<Reply> {
  const settling = { accountId: hold.accountId, holdId: hold.id, events, settleHash };
  const outcome = await transaction(services.pool, (tx) => settleHold(tx, settling));
  switch (outcome.kind) {
    case 'not_found':
      throw await unsettled(raw, notFound(`hold ${hold.id}`), services);
    case 'ended':
      throw await unsettled(raw, ended(outcome.status), services);
    case 'rejected':
      throw await refused(
        raw,
        [...outcome.notPosted].map(([place, why]) => ({ index: places[place]!, ...NOT_POSTED[why](events[place]!) })),
        services,
      );
    case 'settled':
      if (outcome.position) signalPosition(outcome.position, services);
      return settled(outcome.charged, outcome.released);
  }
}

const settled = (charged: Nano, released: Nano): Reply =>
  ok({ status: 'settled', charged: formatMoney(charged), released: formatMoney(released) });
const ended = (status: Hold['status']): Problem =>
  new Problem('hold_ended', status === 'settled' ? 'The hold was settled with other usage.' : 'The hold was released.');

/**
 * The usage has happened, whatever has become of its hold: it is kept for the admins, as that is which names an unknown hold
 * (B4). What was charged before, by another report of it, is not.
 */
async function unsettled(
  raw: readonly unknown[],
  problem: Problem,
  { pool, clock }: Uses<'pool' | 'clock'>,
): Promise<Problem> {
  const rejection = { code: 'unknown_hold', message: problem.message } as const;
  const events = raw.map((one) => checkEvent(one, clock.now()));
  const posted = await findUsageEvents(
    pool,
    events.map((event) => (isRejection(event) ? NO_EVENT : event)),
  );
  const isCharged = (index: number): boolean => {
    const [event, existing] = [events[index]!, posted[index]!];
    return existing !== null && !isRejection(event) && isSameUsage(event, existing);
  };
  await keepRejectedUsage(
    pool,
    raw.filter((_, index) => !isCharged(index)).map((event) => toKept(event, rejection)),
  );
  return problem;
}

const NO_EVENT = { accountId: '', id: '' };

/** Nothing was posted. The events are kept for the admins all the same: they may be money (B4). */
async function refused(
  raw: readonly unknown[],
  rejected: readonly Placed<Rejection>[],
  { pool }: Uses<'pool'>,
): Promise<Problem> {
  const inOrder = [...rejected].sort((a, b) => a.index - b.index);
  await keepRejectedUsage(
    pool,
    inOrder.map((rejection) => toKept(raw[rejection.index], rejection)),
  );
  return new Problem(
    'events_rejected',
    `${inOrder.length} of ${raw.length} events can not be taken; nothing was posted, and the hold stays as it was.`,
    {
      errors: inOrder.map(({ index, message }) => ({ path: `events.${index}`, message })),
      members: {
        rejected: inOrder.map(({ index, code, message }) => ({
          index,
          id: toShownId((raw[index] as { id?: unknown } | null)?.id, 128),
          code,
          message,
        })),
      },
    },
  );
}
