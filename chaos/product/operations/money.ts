/** Money in and out: prepayments, Checkout, refunds, disputes, adjustments. */
import { setTimeout as sleep } from 'node:timers/promises';
import { centsToNano, formatCents } from '../../../domain/money';
import { Defect, expect, type Reply } from '../../caller';
import type { Owned } from '../../owned';
import type { Random } from '../../random';
import { patiently } from '../patiently';
import type { Operation, Scene } from './operation';

type PaymentAnswer = { id: string; status: string; amount: string };

/** Paid once, however often and wherever it is asked for; null when it was declined or is not known yet. */
async function prepayOnce(
  { acknowledged }: Scene,
  random: Random,
  { id: account, owner }: Owned,
  name: string,
): Promise<{ id: string; cents: number } | null> {
  const cents = random.between(5, 15) * 100;
  const ask = async (): Promise<Reply<PaymentAnswer>> =>
    expect(
      await owner.ask<PaymentAnswer>('POST', `/v1/accounts/${account}/prepayments`, {
        body: { amount: formatCents(cents) },
        headers: { 'idempotency-key': name },
      }),
      'a prepayment',
      201,
      202,
      'card_declined',
      'rate_limited',
    );
  const answers = await Promise.all(random.chance(0.5) ? [ask(), ask(), ask()] : [ask()]);
  const paid = answers.find(({ status }) => status === 201)?.body;
  const pending = answers.find(({ status }) => status === 202)?.body;
  const ids = new Set(answers.filter(({ status }) => status < 300).map(({ body }) => body.id));
  if (ids.size > 1) throw new Defect(`one prepayment has the ids ${[...ids].join(' and ')}`);
  if (paid !== undefined && answers.some(({ status }) => status === 402))
    throw new Defect(`prepayment ${paid.id} was answered both 201 and 402`);
  if (paid !== undefined) acknowledged.prepay({ account, id: paid.id, cents }, true);
  else if (pending !== undefined) acknowledged.prepay({ account, id: pending.id, cents }, false);
  for (const { status, body } of answers) if (status === 402) acknowledged.decline(account, body.id);
  return paid === undefined ? null : { id: paid.id, cents };
}

export const prepay: Operation = async (scene, random, account, name) =>
  void (await prepayOnce(scene, random, account, name));

export const prepayAndRefund: Operation = async (scene, random, account, name) => {
  const paid = await prepayOnce(scene, random, account, name);
  if (paid === null) return;
  const cents = random.between(1, paid.cents);
  const path = `/v1/accounts/${account.id}/prepayments/${paid.id}/refund`;
  const ask = async (): Promise<Reply<{ id: string }>> =>
    expect(
      await scene.people.admin.ask<{ id: string }>('POST', path, {
        body: { amount: formatCents(cents) },
        headers: { 'idempotency-key': `${name}-refund` },
      }),
      'a refund',
      201,
    );
  const answers = await Promise.all(random.chance(0.5) ? [ask(), ask()] : [ask()]);
  if (new Set(answers.map(({ body }) => body.id)).size > 1)
    throw new Defect(`one refund has two ids: ${JSON.stringify(answers)}`);
  scene.acknowledged.refund({ account: account.id, id: answers[0].body.id, payment: paid.id, cents });
};

export const adjust: Operation = async ({ people, acknowledged }, random, { id: account }, name) => {
  const cents = random.between(1, 500) * (random.chance(0.5) ? -1 : 1);
  const { body } = expect(
    await people.admin.ask<{ sequence: number }>('POST', `/v1/accounts/${account}/adjustments`, {
      body: { amount: formatCents(cents), reason: 'chaos' },
      headers: { 'idempotency-key': name },
    }),
    'an adjustment',
    201,
  );
  acknowledged.post({ kind: 'adjustment', account, sequence: body.sequence, nano: centsToNano(cents) });
};

/** Paid on the provider's page: only a webhook, or reconciliation, brings the news. */
export const payAtCheckout: Operation = async (
  { ballast, acknowledged, pool },
  random,
  { id: account, owner },
  name,
) => {
  const cents = random.between(5, 30) * 100;
  const begun = expect(
    await owner.ask<{ id: string }>('POST', `/v1/accounts/${account}/prepayments/checkout`, {
      body: { amount: formatCents(cents), successUrl: PAGE, cancelUrl: PAGE },
      headers: { 'idempotency-key': name },
    }),
    'a Checkout',
    201,
    'rate_limited',
  );
  if (begun.status !== 201) return;
  const { rows } = await patiently(() =>
    pool.query<{ session: string }>('select checkout_session_id as session from payments where id = $1', [
      begun.body.id,
    ]),
  );
  const submitted = await unlessAway(
    ballast.simulate('POST', `/checkout-sessions/${rows[0]!.session}/submit`, { paymentMethod: 'pm_card_visa' }),
  );
  // Without an answer the provider itself says whether it was paid: the proof compares all of its charges.
  if (submitted !== null) acknowledged.prepay({ account, id: begun.body.id, cents }, true);
};
const PAGE = 'https://shop.example/';

/** Opened by the cardholder's bank, and won or lost soon after; after a lost one an admin lets the account in again. */
export const dispute: Operation = async (scene, random, account, name) => {
  const paid = await prepayOnce(scene, random, account, name);
  if (paid === null) return;
  const { ballast, people, pool } = scene;
  const outcome = random.pick(['won', 'lost'] as const);
  const pauseMs = random.between(0, 1_500);
  const { rows } = await patiently(() =>
    pool.query<{ intent: string }>('select payment_intent_id as intent from payments where id = $1', [paid.id]),
  );
  // Without an answer the dispute stays open, or there is none.
  const opened = await unlessAway(
    ballast.simulate<{ id: string }>('POST', '/disputes', { paymentIntent: rows[0]!.intent }),
  );
  if (opened === null) return;
  await sleep(pauseMs);
  await unlessAway(ballast.simulate('POST', `/disputes/${opened.id}/close`, { outcome }));
  if (outcome === 'lost')
    expect(
      await people.admin.ask('DELETE', `/v1/accounts/${account.id}/suspension?reason=payment_disputed`),
      'the end of a suspension',
      200,
    );
};

/** Null where the simulator does not answer, as it may be killed meanwhile. @throws Defect when it refuses */
const unlessAway = <T>(asked: Promise<T>): Promise<T | null> =>
  asked.catch((error: Error) => {
    if (error instanceof Defect) throw error;
    return null;
  });
