/** The accounts of a campaign: each with an owner, cards and auto-reload, made by the API. */
import { createCaller, must, type Caller } from '../caller';
import { openOwned, type Owned } from '../owned';
import type { Acknowledged } from './acknowledged';
import type { Ballast } from './ballast';

export const MODEL = 'chaos-model';
/** It never has money. */
export const EMPTY = 'chaos-empty';
/** In nano-dollars per token. */
export const PRICE = { input: 1_003n, output: 4_009n };
const PRICES = { inputPerMillion: '1.003', outputPerMillion: '4.009' };

/** Every outage of a step is over long before. */
export const GIVE_UP_MS = 120_000;

/** How an account's cards behave: the primary, and the backup where there is one. */
const CARDS: readonly (readonly string[])[] = [
  ['pm_card_visa'],
  ['pm_card_visa', 'pm_card_mastercard'],
  ['pm_card_chargeCustomerFail', 'pm_card_mastercard'],
  ['pm_card_visa'],
];

export type People = { admin: Caller; service: Caller; accounts: Owned[]; serviceKey: string };

/** @throws Defect when it is refused: a campaign can't begin without it */
export async function preparePeople(ballast: Ballast, acknowledged: Acknowledged, count: number): Promise<People> {
  const admin = createCaller(ballast.apiUrls, ballast.adminKey, GIVE_UP_MS);
  await must(
    admin.ask('PUT', `/v1/models/${MODEL}`, {
      body: {
        provider: 'chaos',
        license: 'open',
        input: ['text'],
        output: 'text',
        batch: false,
        prices: [{ from: '2024-01-01T00:00:00Z', ...PRICES }],
      },
    }),
  );
  const { key: serviceKey } = await must(
    admin.ask<{ key: string }>('POST', '/v1/keys', { body: { role: 'service', name: 'chaos' } }),
  );
  const people = { admin, service: createCaller(ballast.apiUrls, serviceKey, GIVE_UP_MS), serviceKey, accounts: [] };
  await openOwned(admin, ballast.apiUrls, EMPTY);
  for (let nth = 1; nth <= count; nth++) await openAccount(ballast, people, acknowledged, nth);
  return people;
}

/** One more account, with $20 paid in advance and auto-reload at $10 for $25. @throws Defect when any of it is refused */
export async function openAccount(
  ballast: Ballast,
  { admin, accounts }: People,
  acknowledged: Acknowledged,
  nth: number,
): Promise<void> {
  const account = await openOwned(admin, ballast.apiUrls, `chaos-${nth}`, GIVE_UP_MS);
  const { id, owner } = account;
  const add = (paymentMethod: string, role: string): Promise<unknown> =>
    must(owner.ask('POST', `/v1/accounts/${id}/payment-methods`, { body: { paymentMethod, role } }));
  await add('pm_card_visa', 'primary');
  const paid = await must(
    owner.ask<{ id: string; status: string }>('POST', `/v1/accounts/${id}/prepayments`, {
      body: { amount: '20.00' },
      headers: { 'idempotency-key': 'first' },
    }),
  );
  acknowledged.prepay({ account: id, id: paid.id, cents: 2_000 }, paid.status === 'succeeded');
  const [primary, backup] = CARDS[nth % CARDS.length]!;
  if (primary !== 'pm_card_visa') await add(primary!, 'primary');
  if (backup !== undefined) await add(backup, 'backup');
  await must(
    owner.ask('PUT', `/v1/accounts/${id}/auto-reload`, {
      body: { threshold: '10.00', amount: '25.00', acceptTerms: true },
    }),
  );
  accounts.push(account);
}
