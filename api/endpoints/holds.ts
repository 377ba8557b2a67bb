/** Holds: money is held before a request runs, then settled with its usage or released (B5). */
import { z } from 'zod';
import { limitReached, OPEN_HOLDS } from '../../domain/accountLimits';
import { notFound, Problem } from '../../domain/errors';
import { formatMoney, parseMoney, type Nano } from '../../domain/money';
import { COUNT_MAX } from '../../domain/usageEvent';
import { transaction } from '../../ledger/db';
import { listHolds } from '../../ledger/holds/listHolds';
import { readHold } from '../../ledger/holds/readHold';
import type { Hold } from '../../ledger/holds/hold';
import { placeHold } from '../../ledger/holds/placeHold';
import type { Position } from '../../ledger/accounts/position';
import { accountExists } from '../../ledger/accounts/accountExists';
import { releaseHold } from '../../ledger/holds/releaseHold';
import { hashOfRequest } from '../../ledger/requestHash';
import { created, ok } from '../http/endpoint';
import { priceEstimate } from '../usage/estimates';
import { accountId, cursorOf, id, listOf, money, moneyIn, ofAccount, pageQuery, time, uuid } from '../http/schemas';
import { signalPosition } from '../signals/signalPosition';
import { toList } from './views';
import { endpoint } from '../services';

const EXPIRES_SECONDS = { min: 10, max: 86_400, usual: 600 };
const seconds = z
  .number()
  .int()
  .meta({ minimum: EXPIRES_SECONDS.min, maximum: EXPIRES_SECONDS.max, default: EXPIRES_SECONDS.usual });

const count = z.number().int().min(0).max(COUNT_MAX).default(0);
const estimate = z
  .strictObject({ model: id, inputTokens: count, maxOutputTokens: count, images: count, imageSize: id.optional() })
  .refine(
    (counts) => counts.inputTokens !== 0 || counts.maxOutputTokens !== 0 || counts.images !== 0,
    'must count inputTokens, maxOutputTokens or images',
  );
const wish = z
  .strictObject({ amount: moneyIn.optional(), estimate: estimate.optional(), expiresInSeconds: seconds.optional() })
  .refine(
    (given) => (given.amount === undefined) !== (given.estimate === undefined),
    'must have either amount or estimate',
  )
  .meta({ oneOf: [{ required: ['amount'] }, { required: ['estimate'] }] });

const status = z.enum(['open', 'settled', 'released', 'expired']);
const opened = z.strictObject({ id: uuid, accountId, amount: money, status: z.literal('open'), expiresAt: time });
const shown = z
  .strictObject({
    id: uuid,
    accountId,
    amount: money,
    status,
    expiresAt: time,
    charged: money.nullable(),
    released: money.nullable(),
    createdAt: time,
    endedAt: time.nullable(),
  })
  .meta({ id: 'Hold' });

export const place = endpoint({
  params: ofAccount,
  body: { schema: wish },
  idempotent: true,
  replies: { 201: opened },
  uses: ['pool', 'prices', 'gates', 'signals', 'clock', 'accountLimits'],
  refusals: ['insufficient_funds', 'account_suspended', 'limit_reached', 'out_of_range', 'unknown_model', 'no_price'],
  refusalStatus: { account_suspended: 402 },
  async handle({ params, body, idempotencyKey }, services) {
    const expiresInSeconds = secondsOf(body.expiresInSeconds);
    const priced = body.estimate
      ? await priceEstimate(services.prices, body.estimate, services.clock.now())
      : amountOf(body.amount!);
    const unpriced = priced instanceof Problem ? priced : null;
    const placed = await placeHold(services.pool, {
      accountId: params.id,
      amount: unpriced ? null : (priced as Nano),
      expiresInSeconds,
      idempotencyKey,
      requestHash: hashOf(body, expiresInSeconds),
      openMax: services.accountLimits.openHolds,
    });
    switch (placed.kind) {
      case 'unknown_account':
        throw notFound(`account ${params.id}`);
      case 'key_reused':
        throw new Problem('idempotency_key_reused', 'This Idempotency-Key stands for another hold of the account.');
      case 'no_amount':
        throw unpriced!;
      case 'account_suspended':
        throw new Problem('account_suspended', 'A suspended account gets no hold.', {
          status: 402,
          members: { reasons: placed.position.gateReasons },
        });
      case 'insufficient_funds':
        throw short(placed.position, priced as Nano);
      case 'too_many':
        throw limitReached(OPEN_HOLDS, services.accountLimits.openHolds, placed.inUse);
      case 'placed':
      case 'repeated': {
        if (placed.kind === 'placed') signalPosition(placed.position, services);
        const { amount, expiresAt, ...hold } = placed.hold;
        return created({
          id: hold.id,
          accountId: params.id,
          amount: formatMoney(amount),
          status: 'open',
          expiresAt: expiresAt.toISOString(),
        });
      }
    }
  },
});

function amountOf(given: string): Nano {
  const amount = parseMoney(given);
  if (amount <= 0n)
    throw new Problem('out_of_range', `amount is ${given}: a hold is of more than zero.`, {
      errors: [{ path: 'amount', message: 'must be more than zero' }],
    });
  return amount;
}

function secondsOf(given: number = EXPIRES_SECONDS.usual): number {
  const { min, max } = EXPIRES_SECONDS;
  if (given >= min && given <= max) return given;
  const message = `must be from ${min} to ${max}`;
  throw new Problem('out_of_range', `expiresInSeconds is ${given}: it ${message}.`, {
    errors: [{ path: 'expiresInSeconds', message }],
  });
}

/** Of what was asked, not of what it came to: the same estimate is the same hold after a price has changed. */
function hashOf({ amount, estimate: counts }: z.output<typeof wish>, expiresInSeconds: number): string {
  const asked = counts
    ? [counts.model, counts.inputTokens, counts.maxOutputTokens, counts.images, counts.imageSize ?? null]
    : String(parseMoney(amount!));
  return hashOfRequest([asked, expiresInSeconds]);
}

function short({ available }: Position, amount: Nano): Problem {
  return new Problem(
    'insufficient_funds',
    `The hold is of ${formatMoney(amount)}, available are ${formatMoney(available)}.`,
    { members: { available: formatMoney(available) } },
  );
}

const view = (hold: Hold): z.input<typeof shown> => ({
  id: hold.id,
  accountId: hold.accountId,
  amount: formatMoney(hold.amount),
  status: hold.status,
  expiresAt: hold.expiresAt.toISOString(),
  charged: hold.charged === null ? null : formatMoney(hold.charged),
  released: hold.released === null ? null : formatMoney(hold.released),
  createdAt: hold.createdAt.toISOString(),
  endedAt: hold.endedAt?.toISOString() ?? null,
});

export const ofHold = z.strictObject({ id: accountId, holdId: uuid });

export const release = endpoint({
  params: ofHold,
  replies: { 200: shown },
  uses: ['pool', 'gates', 'signals'],
  refusals: ['hold_ended'],
  async handle({ params }, services) {
    const released = await transaction(services.pool, (tx) => releaseHold(tx, params.id, params.holdId));
    if (released.kind === 'not_found') throw notFound(`hold ${params.holdId}`);
    if (released.kind === 'settled') throw new Problem('hold_ended', 'The hold was settled.');
    if (released.position) signalPosition(released.position, services);
    return ok(view(released.hold));
  },
});

export const list = endpoint({
  params: ofAccount,
  query: pageQuery(cursorOf.uuid),
  replies: { 200: listOf(shown) },
  uses: ['pool'],
  async handle({ params, query: { limit, cursor } }, { pool }) {
    const page = await listHolds(pool, params.id, { limit, after: cursor ?? null });
    if (page.data.length === 0 && !(await accountExists(pool, params.id))) throw notFound(`account ${params.id}`);
    return ok(toList(page, view));
  },
});

export const read = endpoint({
  params: ofHold,
  replies: { 200: shown },
  uses: ['pool'],
  async handle({ params }, { pool }) {
    const hold = await readHold(pool, params.id, params.holdId);
    if (!hold) throw notFound(`hold ${params.holdId}`);
    return ok(view(hold));
  },
});
