// What each hosted page says.
import escape from 'escape-html';
import type Stripe from 'stripe';
import { dollars, page } from './html';
import { OFFERED_CARDS } from './testCards';

const CARDS = OFFERED_CARDS.map(
  ({ id, label }, index) =>
    `<label><input type="radio" name="payment_method" value="${id}"${index === 0 ? ' checked' : ''}> ${escape(label)}</label>`,
).join('');

export function checkoutPage(session: Stripe.Checkout.Session, items: Stripe.LineItem[], error: string | null): string {
  const isPayment = session.mode === 'payment';
  const total = dollars(session.amount_total ?? 0);
  const lines = items
    .map((item) => `<dt>${escape(item.description ?? '')}</dt><dd>${dollars(item.amount_total)}</dd>`)
    .join('');
  const content = `
    <h1>${isPayment ? 'Pay' : 'Save a card'}</h1>
    ${isPayment ? `<p class="amount">${total}</p><dl>${lines}</dl>` : '<p>It is charged only when you agreed to it.</p>'}
    ${error === null ? '' : `<p class="error" role="alert">${escape(error)}</p>`}
    <form method="post">
      <fieldset style="border:0;padding:0;margin:0"><legend>Choose a test card</legend>${CARDS}</fieldset>
      <button class="primary" type="submit">${isPayment ? `Pay ${total}` : 'Save this card'}</button>
    </form>
    ${isPayment ? '<form method="post"><button name="provider" value="1" type="submit">Pay with a third-party provider</button></form>' : ''}
    ${session.cancel_url === null ? '' : `<p><a href="${escape(session.cancel_url)}">Cancel and return</a></p>`}`;
  return page(isPayment ? `Pay ${total}` : 'Save a card', content);
}

function waitsForOwner(intent: Stripe.PaymentIntent | Stripe.SetupIntent): boolean {
  if (intent.status === 'requires_action') return true;
  if (intent.object !== 'payment_intent' || intent.status !== 'requires_payment_method') return false;
  return intent.last_payment_error?.code === 'authentication_required';
}

/** The newest payments, each with where one can go from it. */
export function paymentsPage(intents: Stripe.PaymentIntent[]): string {
  const rows = intents.map((intent) => {
    const status = escape(intent.status.replaceAll('_', ' '));
    const link = waitsForOwner(intent)
      ? `/confirm/${intent.id}?client_secret=${intent.client_secret ?? ''}`
      : intent.status === 'succeeded' && `/receipts/${intent.latest_charge as string}`;
    return `<dt>${dollars(intent.amount)}</dt><dd>${link ? `<a href="${escape(link)}">${status}</a>` : status}</dd>`;
  });
  return page('Payments', `<h1>Payments</h1><dl>${rows.join('') || '<dt>None yet.</dt>'}</dl>`);
}

export function confirmationPage(intent: Stripe.PaymentIntent | Stripe.SetupIntent): string {
  if (!waitsForOwner(intent))
    return messagePage(
      'Nothing to confirm',
      `This ${intent.object === 'payment_intent' ? 'payment' : 'setup'} has the status ${intent.status}.`,
    );
  const asked =
    intent.object === 'payment_intent'
      ? `<p class="amount">${dollars(intent.amount)}</p>`
      : '<p>Your bank asks whether you want to save this card.</p>';
  const content = `
    <h1>Your bank asks you to confirm</h1>${asked}
    <form method="post">
      <input type="hidden" name="client_secret" value="${escape(intent.client_secret ?? '')}">
      <button class="primary" name="answer" value="approve" type="submit">Confirm</button>
      <button name="answer" value="refuse" type="submit">Refuse</button>
    </form>`;
  return page('Confirm', content);
}

export function receiptPage(charge: Stripe.Charge): string {
  const card = charge.payment_method_details?.card;
  const rows: [string, string][] = [
    ['Charge', charge.id],
    ['Date', new Date(charge.created * 1_000).toISOString().slice(0, 10)],
    ['Paid with', card ? `${card.brand ?? 'card'} ${card.last4 ?? ''}` : 'third-party provider'],
    ['Refunded', dollars(charge.amount_refunded)],
  ];
  const list = rows.map(([name, value]) => `<dt>${name}</dt><dd>${escape(value)}</dd>`).join('');
  return page('Receipt', `<h1>Receipt</h1><p class="amount">${dollars(charge.amount)}</p><dl>${list}</dl>`);
}

export function messagePage(title: string, message: string): string {
  return page(title, `<h1>${escape(title)}</h1><p>${escape(message)}</p>`);
}
