/** Creates the demo's models and accounts through the public API; what is there already stays as it is. */
import { createApi, type Api } from './apiClient';
import { putModels, readCatalogue, REAL_MODELS } from './catalogue';
import { readDemoKeys, writeDemoKeys, type DemoKeys } from './demoKeys';

export const reloadingAccount = 'demo';
export const prepaidAccount = 'demo-prepaid';
export const textModel = 'demo-large';
export const imageModel = 'demo-image';
export const imageSize = '1024x1024';

const pricedFrom = '2023-01-01T00:00:00Z';
const models = {
  [textModel]: {
    output: 'text',
    batch: true,
    prices: [{ from: pricedFrom, inputPerMillion: '3.00', cachedInputPerMillion: '0.30', outputPerMillion: '15.00' }],
  },
  [imageModel]: { output: 'image', batch: false, prices: [{ from: pricedFrom, perImage: { [imageSize]: '0.04' } }] },
};

export interface Demo {
  service: Api;
  /** By account. */
  owners: Record<string, Api>;
  keys: DemoKeys;
  /** Whether the accounts were made just now. */
  fresh: boolean;
}

export async function setUpDemo(url: string, adminKey: string, dataDir: string): Promise<Demo> {
  const admin = createApi(url, adminKey);
  for (const [id, model] of Object.entries(models)) {
    await admin.request('PUT', `/v1/models/${id}`, {
      body: { provider: 'demo', license: 'open', input: ['text'], ...model },
    });
  }
  await putModels(admin, readCatalogue(REAL_MODELS));
  const created = [
    await ensureAccount(admin, reloadingAccount, 'Demo, reloads itself'),
    await ensureAccount(admin, prepaidAccount, 'Demo, topped up by hand'),
  ];
  const keys = await ensureKeys(url, admin, dataDir);
  const owner = (account: string) => createApi(url, keys.owners[account]!);
  const owners = { [reloadingAccount]: owner(reloadingAccount), [prepaidAccount]: owner(prepaidAccount) };
  await ensureMoney(owners[reloadingAccount], reloadingAccount, '20.00');
  await ensureMoney(owners[prepaidAccount], prepaidAccount, '5.00');
  await ensureAutoReload(owners[reloadingAccount]);
  return { service: createApi(url, keys.serviceKey), keys, owners, fresh: created.every(Boolean) };
}

async function ensureAccount(admin: Api, id: string, name: string): Promise<boolean> {
  const members = [{ name: 'Demo Owner', email: `owner@${id}.example`, role: 'owner' }];
  const { status } = await admin.request('POST', '/v1/accounts', { body: { id, name, members }, accept: [201, 409] });
  return status === 201;
}

async function ensureKeys(url: string, admin: Api, dataDir: string): Promise<DemoKeys> {
  const stored = readDemoKeys(dataDir);
  if (stored && (await allWork(url, stored))) return stored;
  const service = await admin.request<{ key: string }>('POST', '/v1/keys', {
    body: { role: 'service', name: 'demo traffic' },
  });
  const keys: DemoKeys = { serviceKey: service.body.key, owners: {} };
  for (const account of [reloadingAccount, prepaidAccount]) {
    const { data } = await admin.get<{ data: { id: string; role: string }[] }>(`/v1/accounts/${account}/members`);
    const memberId = data.find((member) => member.role === 'owner')?.id;
    const { body } = await admin.request<{ key: string }>('POST', `/v1/accounts/${account}/keys`, {
      body: { memberId },
    });
    keys.owners[account] = body.key;
  }
  writeDemoKeys(dataDir, keys);
  return keys;
}

/** False when the keys belong to a database that is not there any more. */
async function allWork(url: string, keys: DemoKeys): Promise<boolean> {
  for (const account of [reloadingAccount, prepaidAccount]) {
    for (const key of [keys.serviceKey, keys.owners[account]]) {
      const { status } = await createApi(url, key ?? 'none').request('GET', `/v1/accounts/${account}/gate`, {
        accept: [200, 401, 403, 404],
      });
      if (status !== 200) return false;
    }
  }
  return true;
}

/** Two cards, Stripe's test methods, and a first prepayment; its fixed key makes it happen once. */
async function ensureMoney(owner: Api, account: string, amount: string): Promise<void> {
  const path = `/v1/accounts/${account}`;
  const { data } = await owner.get<{ data: { role: string | null }[] }>(`${path}/payment-methods`);
  for (const [role, paymentMethod] of [
    ['primary', 'pm_card_visa'],
    ['backup', 'pm_card_mastercard'],
  ]) {
    if (data.some((method) => method.role === role)) continue;
    await owner.request('POST', `${path}/payment-methods`, { body: { paymentMethod, role } });
  }
  await owner.request('POST', `${path}/prepayments`, { body: { amount }, idempotencyKey: 'demo-first-prepayment' });
}

async function ensureAutoReload(owner: Api): Promise<void> {
  const path = `/v1/accounts/${reloadingAccount}/auto-reload`;
  const { status } = await owner.get<{ status: string }>(path);
  if (status !== 'off') return;
  await owner.request('PUT', path, { body: { threshold: '10.00', amount: '25.00', acceptTerms: true } });
}
