/** Payments at the Stripe simulator as Ballast makes them, for tests of who brings the news: no worker credits them. */
import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type Stripe from 'stripe';
import { formatMoney, type Nano } from '../../domain/money';
import type { PaymentNews } from '../../domain/payment';
import { storeCustomer } from '../../ledger/methods/storeCustomer';
import { createCustomer } from '../../stripe/paymentMethods';
import { testProvider } from './provider';
import { toNews } from '../../stripe/news';

export type PaidPayment = { id: string; intent: string; charge: string };

/** A prepayment that Stripe has charged, and that nobody has credited yet. */
export async function payAtStripe(
  stripe: Stripe,
  pool: Pool,
  accountId: string,
  cents: number,
  card = 'pm_card_visa',
): Promise<PaidPayment> {
  const { id, intent, method } = await beginAtStripe(stripe, pool, accountId, cents, card);
  const paid = await stripe.paymentIntents.confirm(intent, {
    payment_method: method,
    off_session: true,
    return_url: 'https://ballast.example/',
  });
  return { id, intent, charge: paid.latest_charge as string };
}

/** A prepayment whose PaymentIntent is stored and not confirmed. */
export async function beginAtStripe(
  stripe: Stripe,
  pool: Pool,
  accountId: string,
  cents: number,
  card = 'pm_card_visa',
): Promise<{ id: string; intent: string; method: string }> {
  const customerId = (await storeCustomer(pool, accountId, await createCustomer(stripe, accountId)))!;
  const method = await stripe.paymentMethods.attach(card, { customer: customerId });
  const id = randomUUID();
  await pool.query(
    `insert into payments (id, account_id, purpose, amount_cents, payment_method_id, actor) values ($1, $2, 'prepayment', $3, $4, 'test')`,
    [id, accountId, cents, method.id],
  );
  const claim = { paymentId: id, accountId, purpose: 'prepayment' as const, cents, customerId };
  const unkept = { idempotencyKey: null, requestHash: null, reloadNumber: null };
  const created = await testProvider(stripe).createIntent({ ...claim, ...unkept }, 0);
  if (created.kind !== 'created') throw new Error('the PaymentIntent was not created');
  await pool.query('update payments set payment_intent_id = $2 where id = $1', [id, created.id]);
  return { id, intent: created.id, method: method.id };
}

/** What Stripe tells of a payment: its events that we act on, oldest first. */
export async function newsOf(stripe: Stripe, intent: string): Promise<PaymentNews[]> {
  const { created } = await stripe.paymentIntents.retrieve(intent);
  const events: Stripe.Event[] = [];
  // Newest first; what is older than the payment is not read.
  for await (const event of stripe.events.list({ limit: 100 })) {
    if (event.created < created) break;
    events.push(event);
  }
  return events
    .reverse()
    .map(toNews)
    .filter(
      (news): news is PaymentNews =>
        news !== null && (news.about === 'intent' || news.about === 'taken_back') && news.paymentIntentId === intent,
    );
}

/** Kind and amount of each line of an account that is not usage, oldest first. */
export async function linesOf(pool: Pool, accountId: string): Promise<string[]> {
  const { rows } = await pool.query<{ kind: string; amount_nano: Nano }>(
    `select kind, amount_nano from ledger_lines where account_id = $1 and kind <> 'usage' order by sequence`,
    [accountId],
  );
  return rows.map(({ kind, amount_nano }) => `${kind} ${formatMoney(amount_nano)}`);
}
