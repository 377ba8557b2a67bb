import type { Notice } from '../../domain/notice';
import { compose } from '../../notices/compose';
import { dollars, utc } from '../../notices/words';

type Samples = {
  [Kind in Notice['kind']]: [first: Extract<Notice, { kind: Kind }>, ...more: Extract<Notice, { kind: Kind }>[]];
};

const waiting = (isReminder: boolean): Samples['limit_request_waiting'][0] => ({
  kind: 'limit_request_waiting',
  request: 'r',
  account: 'acme',
  key: 'dedicated.endpoints',
  model: null,
  requested: '12',
  current: '5',
  reason: 'A launch in March',
  by: 'owner:olga@acme.example',
  askedAt: '2026-11-21T14:05:09.000Z',
  isReminder,
  url: 'https://ballast.example/limit-requests',
});

/** Every kind and every variant of it: a new kind does not compile until it is here. */
const samples: Samples = {
  low_balance: [
    { kind: 'low_balance', available: '4.987654321', autoReload: 'off' },
    { kind: 'low_balance', available: '4.98', autoReload: 'paused' },
    { kind: 'low_balance', available: '4.98', autoReload: 'disabled_after_failures' },
    { kind: 'low_balance', available: '4.98', autoReload: 'on' },
  ],
  suspended: [
    { kind: 'suspended', reasons: ['balance_exhausted'], available: '-0.001' },
    { kind: 'suspended', reasons: ['balance_exhausted', 'admin_suspended', 'payment_disputed'], available: '-2.00' },
  ],
  resumed: [{ kind: 'resumed', available: '25.00' }],
  reload_succeeded: [
    {
      kind: 'reload_succeeded',
      number: 3,
      amount: '25.00',
      balance: '29.98',
      brand: 'visa',
      last4: '4242',
      receiptUrl: 'https://pay.example/r?a=1&b="2"',
    },
    { kind: 'reload_succeeded', number: 1, amount: '25.00', balance: '29.98' },
  ],
  first_failed_attempt: [
    {
      kind: 'first_failed_attempt',
      number: 4,
      amount: '25.00',
      declineMessage: 'Your card has insufficient funds.',
      nextAttemptAt: '2026-11-21T14:05:09.000Z',
      brand: 'visa',
      last4: '0341',
    },
    { kind: 'first_failed_attempt', number: 4, amount: '25.00', declineMessage: 'no usable card', nextAttemptAt: null },
  ],
  disabled_after_failures: [
    {
      kind: 'disabled_after_failures',
      strikes: 3,
      amount: '25.00',
      threshold: '10.00',
      declineMessage: 'Your card was declined.',
    },
  ],
  disabled_by_owner: [{ kind: 'disabled_by_owner', by: 'Ada Lovelace', threshold: '10.00', amount: '25.00' }],
  confirmation_needed: [
    { kind: 'confirmation_needed', amount: '25.00', url: 'https://ballast.example/confirm/1', purpose: 'reload' },
    { kind: 'confirmation_needed', amount: '25.00', url: 'https://ballast.example/confirm/1', purpose: 'prepayment' },
  ],
  payment_methods_lost: [
    { kind: 'payment_methods_lost', autoReload: 'on' },
    { kind: 'payment_methods_lost', autoReload: 'off' },
  ],
  guard_reached: [
    { kind: 'guard_reached', guard: 'monthly_limit', limit: '1000.00' },
    { kind: 'guard_reached', guard: 'monthly_limit' },
    { kind: 'guard_reached', guard: 'breaker' },
    { kind: 'guard_reached', guard: 'pending_payment' },
  ],
  refund: [
    { kind: 'refund', amount: '25.00', status: 'made', balance: '5.00' },
    { kind: 'refund', amount: '25.00', status: 'made', balance: '5.00', autoReloadPaused: true },
    { kind: 'refund', amount: '25.00', status: 'came_back', balance: '30.00' },
  ],
  dispute: [
    { kind: 'dispute', amount: '25.00', status: 'opened', autoReloadPaused: true },
    { kind: 'dispute', amount: '25.00', status: 'won' },
    { kind: 'dispute', amount: '25.00', status: 'lost' },
  ],
  invitation: [
    { kind: 'invitation', memberId: 'm', expiresAt: '2026-11-21T14:05:09.000Z', url: 'https://ballast.example/i' },
  ],
  sign_in_link: [
    { kind: 'sign_in_link', signInId: 's', expiresAt: '2026-11-21T14:05:09.000Z', url: 'https://ballast.example/s' },
  ],
  batch_ended: [
    {
      kind: 'batch_ended',
      batch: 'batch_1',
      status: 'completed',
      requests: 3,
      completed: 2,
      failed: 1,
      charged: '1.50',
    },
    { kind: 'batch_ended', batch: 'batch_1', status: 'expired', requests: 3, completed: 1, failed: 0, charged: '0.50' },
  ],
  limit_request_decided: [
    {
      kind: 'limit_request_decided',
      key: 'batch.enqueued_tokens',
      decision: 'approve',
      limit: '20000000',
      note: 'Enjoy',
    },
    { kind: 'limit_request_decided', key: 'batch.enqueued_tokens', decision: 'deny', limit: null, note: '' },
    {
      kind: 'limit_request_decided',
      request: 'r',
      key: 'batch.enqueued_tokens',
      model: 'gpt-batch',
      decision: 'deny',
      limit: '10000000000',
      note: 'Not now',
    },
  ],
  limit_request_waiting: [waiting(false), waiting(true)],
};
const all = Object.values(samples).flat() as Notice[];

test.each(all.map((notice) => [notice.kind, notice] as const))(
  'N1 the mail %s is complete in text and in HTML',
  (_kind, notice) => {
    const { subject, text, html } = compose(notice, 'Acme');
    expect(subject).toMatch(/^(Acme|Ballast): \S.{5,80}$/);
    expect(text.split('\n\n').length).toBeGreaterThanOrEqual(3);
    for (const written of [subject, text, html])
      expect(written).not.toMatch(/undefined|null|NaN|\[object|\.\.|\$-| {2}\S/);
    const textOfHtml = html
      .replace(/<[^>]+>/g, ' ')
      .replace(/&#39;/g, "'")
      .replace(/&quot;/g, '"')
      .replace(/&amp;/g, '&')
      .replace(/\s+/g, ' ');
    for (const paragraph of text.split('\n\n').filter((block) => !/^(-- |\w[\w ]*: )/.test(block)))
      expect(textOfHtml).toContain(paragraph);
  },
);

test('N1 the receipt names reload, amount, card, balance and the receipt’s address', () => {
  expect(compose(samples.reload_succeeded[0], 'Acme')).toMatchInlineSnapshot(`
{
  "html": "<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Acme: receipt for an automatic reload of $25.00</title></head>
<body style="margin:0;padding:24px;font-family:sans-serif;font-size:16px;line-height:1.5;color:#1a1a1a;background:#ffffff">
<main style="max-width:560px">
<h1 style="font-size:20px">Acme: receipt for an automatic reload of $25.00</h1>
<p>Auto-reload has charged $25.00 and added it to your balance.</p>
<p>This follows your auto-reload settings; you can change, pause or disable them at any time. There is nothing you need to do.</p>
<table style="border-collapse:collapse"><tr><th scope="row" style="text-align:left;font-weight:normal;padding:2px 16px 2px 0">Reload</th><td>3</td></tr><tr><th scope="row" style="text-align:left;font-weight:normal;padding:2px 16px 2px 0">Amount</th><td>$25.00</td></tr><tr><th scope="row" style="text-align:left;font-weight:normal;padding:2px 16px 2px 0">Charged to</th><td>Visa ending in 4242</td></tr><tr><th scope="row" style="text-align:left;font-weight:normal;padding:2px 16px 2px 0">Balance after it</th><td>$29.98</td></tr></table>
<p><a href="https://pay.example/r?a=1&amp;b=&quot;2&quot;" style="color:#0b57d0">See the receipt</a></p>
<p style="font-size:13px;color:#595959">You get this mail as an owner of the account Acme.</p>
</main></body></html>
",
  "subject": "Acme: receipt for an automatic reload of $25.00",
  "text": "Auto-reload has charged $25.00 and added it to your balance.

This follows your auto-reload settings; you can change, pause or disable them at any time. There is nothing you need to do.

Reload: 3
Amount: $25.00
Charged to: Visa ending in 4242
Balance after it: $29.98

See the receipt: https://pay.example/r?a=1&b="2"

-- 
You get this mail as an owner of the account Acme.
",
}
`);
});

test('N1 the suspension says why, for each reason, and how access comes back', () => {
  expect(compose(samples.suspended[1]!, 'Acme').text).toMatchInlineSnapshot(`
"Access to inference is suspended. Requests are refused until it is back; your settings and keys stay as they are.

The balance is used up: -$2.00 is available. Add a prepayment: a balance above $0.00 lifts this at once.

An admin has suspended the account. Please write to support to have this looked at.

A payment is disputed at your bank. This is lifted when the dispute is won, or by support.

Access comes back by itself when all of this is lifted.

-- 
You get this mail as an owner of the account Acme.
"
`);
});

test('N1 a failed attempt says when the next one is', () => {
  expect(compose(samples.first_failed_attempt[0], 'Acme').text).toMatchInlineSnapshot(`
"Reload 4 could not charge $25.00 to Visa ending in 0341. Your card has insufficient funds.

Nothing was charged. We try again on 21 November 2026 at 14:05 UTC. After three failures in a row auto-reload is turned off.

Please check your payment methods. A new or changed one is tried at once.

-- 
You get this mail as an owner of the account Acme.
"
`);
});

test('N1 what people wrote can neither add headers nor markup', () => {
  const { subject, text, html } = compose(
    { kind: 'disabled_by_owner', by: '<b>Eve</b>\r\n & "co"', threshold: '5.00', amount: '5.00' },
    'A\r\nBcc: x@example.com <i>',
  );
  expect(subject).toBe('A Bcc: x@example.com <i>: auto-reload is turned off');
  expect(text).toContain('<b>Eve</b> & "co" has turned auto-reload off.');
  expect(html).toContain('&lt;b&gt;Eve&lt;/b&gt; &amp; &quot;co&quot; has turned');
  expect(html).not.toMatch(/<b>|<i>/);
});

test('N1 money is in whole cents and never more than there is; times are in UTC', () => {
  const shown = ['25.00', '0.00', '4.999999999', '-0.000000001', '-12.34', '1234567.891', '-1000.00'].map(dollars);
  expect(shown).toEqual(['$25.00', '$0.00', '$4.99', '-$0.01', '-$12.34', '$1,234,567.89', '-$1,000.00']);
  expect(utc('2026-01-02T03:04:59.999Z')).toBe('2 January 2026 at 03:04 UTC');
});
