/** What an account lives through while releases change: prepaid, used from two sides, held, reloaded; and that all of it counted once. */
import { sleep } from '../commands';
import { createApi, type Api } from '../apiClient';

const MODEL = 'upgrade';
const PATIENCE_MS = 60_000;
/** Dollars, below the threshold. */
const LEFT = 8;

export type Keys = { admin: string; service: string };
/** By their address; both may be the same API. */
export type Sides = { one: string; other: string };

export async function prepare(url: string, adminKey: string): Promise<Keys> {
  const admin = createApi(url, adminKey);
  await admin.request('PUT', `/v1/models/${MODEL}`, {
    body: {
      provider: 'Test',
      license: 'open',
      input: ['text'],
      output: 'text',
      batch: false,
      prices: [{ from: '2020-01-01T00:00:00Z', inputPerMillion: '1', outputPerMillion: '1' }],
    },
  });
  const { body } = await admin.request<{ key: string }>('POST', '/v1/keys', {
    body: { role: 'service', name: 'upgrade' },
  });
  return { admin: adminKey, service: body.key };
}

/** An event of so many whole dollars. */
export const usage = (accountId: string, id: string, dollars: number) => ({
  id,
  accountId,
  model: MODEL,
  inputTokens: dollars * 1_000_000,
});

/** Opens an account with a card, and pays $20.00 in advance by both sides under one key. Auto-reload is on: $25.00 at $10.00. */
export async function open({ one, other }: Sides, keys: Keys, id: string): Promise<void> {
  const admin = createApi(one, keys.admin);
  await admin.request('POST', '/v1/accounts', {
    body: { id, name: id, members: [{ name: 'Olga', email: `olga@${id}.example`, role: 'owner' }] },
  });
  const { data } = await admin.get<{ data: { id: string }[] }>(`/v1/accounts/${id}/members`);
  const made = await admin.request<{ key: string }>('POST', `/v1/accounts/${id}/keys`, {
    body: { memberId: data[0]!.id },
  });
  const owners = [one, other].map((url) => createApi(url, made.body.key));
  const at = `/v1/accounts/${id}`;
  await owners[0]!.request('POST', `${at}/payment-methods`, { body: { paymentMethod: 'pm_card_visa' } });
  await Promise.all(
    owners.map((owner) =>
      owner.request('POST', `${at}/prepayments`, { body: { amount: '20.00' }, idempotencyKey: `first-${id}` }),
    ),
  );
  await until(`the prepayment of ${id}`, async () => (await balanceOf(admin, id)) === '20.00');
  await owners[1]!.request('PUT', `${at}/auto-reload`, {
    body: { threshold: '10.00', amount: '25.00', acceptTerms: true },
  });
}

/**
 * Uses an account down to $8.00, each event through both sides, one dollar of it by a hold that the other side settles: a
 * reload of $25.00 follows. Throws when something did not count, or not once.
 */
export async function use({ one, other }: Sides, keys: Keys, id: string, name: string): Promise<void> {
  const [here, there] = [createApi(one, keys.service), createApi(other, keys.service)];
  const before = Number(await balanceOf(createApi(one, keys.admin), id));
  const events = Array.from({ length: before - LEFT - 1 }, (_, nth) => usage(id, `${name}-${nth}`, 1));
  const holds = `/v1/accounts/${id}/holds`;
  const hold = await here.request<{ id: string }>('POST', holds, {
    body: { amount: '2.00' },
    idempotencyKey: `hold-${name}`,
  });
  await there.request('POST', `${holds}/${hold.body.id}/settle`, {
    body: { events: [usage(id, `${name}-held`, 1)] },
    idempotencyKey: `settle-${name}`,
  });
  type Answer = { accepted: number; duplicates: number };
  const answers = await Promise.all(
    [here, there].map((side) => side.request<Answer>('POST', '/v1/usage', { body: { events } })),
  );
  const accepted = answers.reduce((sum, { body }) => sum + body.accepted, 0);
  if (accepted !== events.length) throw new Error(`${accepted} of ${events.length} events of ${name} counted.`);
  const expected = (LEFT + 25).toFixed(2);
  const admin = createApi(other, keys.admin);
  await until(`the reload of ${name}`, async () => (await balanceOf(admin, id)) === expected);
}

const balanceOf = async (admin: Api, id: string): Promise<string> =>
  (await admin.get<{ balance: string }>(`/v1/accounts/${id}`)).balance;

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + PATIENCE_MS; !(await isSo()); await sleep(50))
    if (performance.now() > endMs) throw new Error(`Waited ${PATIENCE_MS / 1_000} s in vain for ${what}.`);
}
