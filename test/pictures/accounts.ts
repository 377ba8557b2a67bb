/** Accounts to be looked at: one that thrives, and one for each thing that may be wrong. All is done by the API, as customers do it. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestApi } from '../support/api';
import type { ConsoleHarness } from '../support/browser';
import { until } from '../support/notices';

/** Its id, and a key of each of its roles. */
export type Shown = { id: string; owner: string; modifier: string; member: string };
export type ShownAccounts = Record<'thriving' | 'suspended' | 'declined' | 'paused' | 'empty', Shown>;

const DAY_MS = 86_400_000;
const DAYS = 30;
/** Weights of models in the usage of a day, in thousands of input tokens. */
const MODELS: readonly [id: string, thousandTokens: number][] = [
  ['claude-sonnet-4-5', 900],
  ['gpt-4.1', 800],
  ['gpt-5-mini', 2_600],
  ['deepseek-r1-distill-llama-70b', 700],
  ['claude-haiku-4-5', 350],
  ['text-embedding-3-small', 9_000],
  ['gpt-4o', 60],
];

/** @param filesDir where files of batches lie */
export async function openShownAccounts(harness: ConsoleHarness, filesDir: string): Promise<ShownAccounts> {
  const { api } = harness;
  const models = JSON.parse(readFileSync(join(process.cwd(), 'dev', 'data', 'models.json'), 'utf8')) as Model[];
  for (const { id, ...model } of models)
    await done(api, 'PUT', `/v1/models/${encodeURIComponent(id)}`, api.admin, model);
  const accounts = {
    thriving: await open(api, 'harbor', 'Harbor Research'),
    suspended: await open(api, 'tern', 'Tern Translations'),
    declined: await open(api, 'skua', 'Skua Studios'),
    paused: await open(api, 'petrel', 'Petrel Press'),
    empty: await open(api, 'plover', 'Plover Labs'),
  };
  await Promise.all([
    thrive(harness, accounts.thriving).then(() => runBatches(api, accounts.thriving, filesDir)),
    runOut(api, accounts.suspended),
    beDeclined(harness, accounts.declined),
    pause(api, accounts.paused),
  ]);
  // Their usage and payments are a month old: they were opened before.
  await api.database.owner.query("update accounts set created_at = created_at - interval '40 days'");
  await done(api, 'POST', '/v1/reconcile', api.admin);
  await use(api, accounts.paused, [{ model: 'gpt-9', inputTokens: 1_200, id: 'unknown-model' }]);
  await api.ask('POST', '/v1/usage', {
    key: api.service,
    body: { events: [{ id: 'unknown-account', accountId: 'nobody', model: 'gpt-4.1', inputTokens: 900 }] },
  });
  return accounts;
}

type Model = { id: string } & Record<string, unknown>;

async function thrive({ api }: ConsoleHarness, account: Shown): Promise<void> {
  const { id, owner, modifier } = account;
  const began = new Date();
  await addCard(api, account, 'pm_card_visa');
  await addCard(api, account, 'pm_card_mastercard');
  await pay(api, account, '60.00');
  await done(api, 'PUT', `/v1/accounts/${id}/auto-reload`, owner, {
    threshold: '25.00',
    amount: '50.00',
    monthlyLimit: '500.00',
    acceptTerms: true,
  });
  for (let back = DAYS - 1; back >= 0; back--) {
    await use(api, account, eventsOf(back));
    await until(
      () => read(api, `/v1/accounts/${id}`, owner),
      ({ available }) => Number(available) > 25,
      30_000,
    );
  }
  await stretch(api, id, began);
  await use(api, account, [{ model: 'gpt-4.1', inputTokens: 314_159, outputTokens: 27_182, id: 'odd-digits' }]);
  await done(api, 'POST', `/v1/accounts/${id}/webhook-endpoints`, owner, {
    url: 'https://hooks.harbor.example/ballast',
    events: ['*'],
  });
  await done(api, 'POST', `/v1/accounts/${id}/limit-requests`, modifier, {
    key: 'dedicated.endpoints',
    requested: 12,
    reason: 'We launch in three regions on the first of the month.',
  });
}

/** Batches in each state that takes a person: done, done with failed requests, lost, running, cancelled. */
async function runBatches(api: TestApi, account: Shown, filesDir: string): Promise<void> {
  const whole = await createBatch(api, account, 'summaries.jsonl', 24);
  await answer(api, whole, 24);
  const partly = await createBatch(api, account, 'translations.jsonl', 60);
  await answer(api, partly, 57);
  await answer(api, partly, 3, 'rate_limit_exceeded');
  const before = new Set(readdirSync(filesDir));
  const lost = await upload(api, account, 'labels.jsonl', 12);
  for (const name of readdirSync(filesDir).filter((one) => !before.has(one)))
    writeFileSync(join(filesDir, name), 'lost\n');
  await startBatch(api, account, lost, 'failed');
  const cancelled = await createBatch(api, account, 'titles.jsonl', 40);
  await done(api, 'POST', `/v1/batches/${cancelled}/cancel`, account.owner);
  const running = await createBatch(api, account, 'reviews.jsonl', 1_250);
  await answer(api, running, 740);
  await answer(api, running, 8, 'invalid_request');
}

const TIMES: Readonly<Record<string, readonly string[]>> = {
  ledger_lines: ['at'],
  decisions: ['at'],
  notices: ['at'],
  payments: ['created_at', 'settled_at'],
  reloads: ['due_at', 'opened_at', 'closed_at'],
};

/** What was done in seconds becomes what happened in a month: all times since then are drawn apart, in their order. */
async function stretch({ database }: TestApi, accountId: string, began: Date): Promise<void> {
  const client = await database.owner.connect();
  try {
    // Lines of the ledger and decisions can't be changed otherwise, by anybody.
    await client.query('set session_replication_role = replica');
    const { rows } = await client.query<{ factor: number }>(
      'select $2::float8 * 86400 / extract(epoch from clock_timestamp() - $1::timestamptz)::float8 as factor',
      [began, DAYS - 0.5],
    );
    for (const [table, columns] of Object.entries(TIMES))
      for (const column of columns)
        await client.query(
          `update ${table} set ${column} = now() - (now() - ${column}) * $2::float8 where account_id = $1`,
          [accountId, rows[0]!.factor],
        );
    await client.query(
      `update payment_attempts set at = now() - (now() - at) * $2::float8
       where payment_id in (select id from payments where account_id = $1)`,
      [accountId, rows[0]!.factor],
    );
  } finally {
    await client.query('set session_replication_role = default');
    client.release();
  }
}

/** Usage of a day, so many days back: less at weekends, a little more from week to week. */
function eventsOf(back: number): UsageEvent[] {
  const at = new Date(Date.now() - back * DAY_MS - 60_000);
  const isWeekend = [0, 6].includes(at.getUTCDay());
  const growth = 1 - back / (2 * DAYS);
  return MODELS.map(([model, thousands], nth) => {
    const swing = 1 + 0.25 * Math.sin(back * 1.7 + nth * 2.1);
    const inputTokens = Math.round(thousands * 1_000 * growth * swing * (isWeekend ? 0.35 : 1));
    const isText = !model.includes('embedding');
    return {
      id: `day-${back}-${nth}`,
      model,
      at: at.toISOString(),
      inputTokens,
      ...(isText && { outputTokens: Math.round(inputTokens / 7) }),
    };
  });
}

async function runOut(api: TestApi, account: Shown): Promise<void> {
  await addCard(api, account, 'pm_card_visa');
  await pay(api, account, '10.00');
  await use(api, account, [{ model: 'gpt-4.1', inputTokens: 5_200_000, id: 'all-of-it' }]);
}

/** Its card paid once and then declines everything: three strikes. */
async function beDeclined({ api, world }: ConsoleHarness, account: Shown): Promise<void> {
  const { id: method } = await addCard(api, account, 'pm_card_visa');
  await pay(api, account, '20.00');
  await done(api, 'PUT', `/v1/accounts/${account.id}/auto-reload`, account.owner, {
    threshold: '10.00',
    amount: '25.00',
    acceptTerms: true,
  });
  await world.simulate('POST', `/payment-methods/${method}/behavior`, { chargeDecline: 'insufficient_funds' });
  await use(api, account, [{ model: 'gpt-4.1', inputTokens: 6_300_000, id: 'most-of-it' }]);
  await until(
    () => read(api, `/v1/accounts/${account.id}/auto-reload`, account.owner),
    ({ status }) => status === 'disabled_after_failures',
    60_000,
  );
}

async function pause(api: TestApi, account: Shown): Promise<void> {
  await addCard(api, account, 'pm_card_amex');
  await pay(api, account, '40.00');
  await done(api, 'PUT', `/v1/accounts/${account.id}/auto-reload`, account.owner, {
    threshold: '25.00',
    amount: '25.00',
    acceptTerms: true,
  });
  await done(api, 'POST', `/v1/accounts/${account.id}/auto-reload/pause`, account.owner);
  await use(api, account, [{ model: 'gpt-4o', inputTokens: 9_600_000, id: 'a-part-of-it' }]);
}

async function open(api: TestApi, id: string, name: string): Promise<Shown> {
  const members = [
    { name: 'Ada Moreau', email: `ada@${id}.example`, role: 'owner' },
    { name: 'Ben Okafor', email: `ben@${id}.example`, role: 'resource_modifier' },
    { name: 'Chiara Lund', email: `chiara@${id}.example`, role: 'member' },
  ];
  await done(api, 'POST', '/v1/accounts', api.admin, { id, name, members });
  const { data } = await read(api, `/v1/accounts/${id}/members`, api.admin);
  const keyOf = async (role: string): Promise<string> => {
    const member = data.find((one: { role: string }) => one.role === role);
    return (await done(api, 'POST', `/v1/accounts/${id}/keys`, api.admin, { memberId: member.id })).key;
  };
  return { id, owner: await keyOf('owner'), modifier: await keyOf('resource_modifier'), member: await keyOf('member') };
}

const addCard = (api: TestApi, { id, owner }: Shown, paymentMethod: string) =>
  done(api, 'POST', `/v1/accounts/${id}/payment-methods`, owner, { paymentMethod });

let intents = 0;
const pay = (api: TestApi, { id, owner }: Shown, amount: string) =>
  done(api, 'POST', `/v1/accounts/${id}/prepayments`, owner, { amount }, { 'Idempotency-Key': `shown-${++intents}` });

const BATCH_MODEL = 'gpt-4.1';

/** @returns the file's id */
async function upload(api: TestApi, { owner }: Shown, name: string, requests: number): Promise<string> {
  const lines = Array.from({ length: requests }, (_, nth) =>
    JSON.stringify({
      custom_id: `request-${nth + 1}`,
      method: 'POST',
      url: '/v1/chat/completions',
      body: { model: BATCH_MODEL, messages: [{ role: 'user', content: 'Summarise this.' }], max_tokens: 200 },
    }),
  );
  const form = new FormData();
  form.set('purpose', 'batch');
  form.set('file', new Blob([lines.join('\n')]), name);
  const answered = await fetch(`${api.url}/v1/files`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${owner}` },
    body: form,
  });
  const file = (await answered.json()) as { id: string };
  if (!answered.ok) throw new Error(`${name} was answered ${answered.status}: ${JSON.stringify(file)}`);
  return file.id;
}

/** A batch of a file, once it is there. @returns its id */
async function startBatch(api: TestApi, { owner }: Shown, file: string, status: string): Promise<string> {
  const { id } = await done(api, 'POST', '/v1/batches', owner, {
    input_file_id: file,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  });
  await until(
    () => read(api, `/v1/batches/${id}`, owner),
    (batch) => batch.status === status,
    30_000,
  );
  return id;
}

const createBatch = async (api: TestApi, account: Shown, name: string, requests: number): Promise<string> =>
  startBatch(api, account, await upload(api, account, name, requests), 'in_progress');

/** What an executor does. @param error the code that requests fail with; left out: they are answered */
async function answer(api: TestApi, batch: string, requests: number, error?: string): Promise<void> {
  const { data } = await done(api, 'POST', `/v1/batches/${batch}/claims`, api.service, {
    limit: requests,
    leaseSeconds: 60,
  });
  const results = data.map(({ custom_id }: { custom_id: string }) => ({
    custom_id,
    ...(error === undefined
      ? {
          response: {
            status_code: 200,
            request_id: 'shown',
            body: { usage: { prompt_tokens: 900, completion_tokens: 160 } },
          },
        }
      : { error: { code: error, message: 'The model did not answer.' } }),
  }));
  await done(api, 'POST', `/v1/batches/${batch}/results`, api.service, { results });
}

type UsageEvent = { id: string; model: string; at?: string; inputTokens: number; outputTokens?: number };
const use = (api: TestApi, { id }: Shown, events: readonly UsageEvent[]) =>
  done(api, 'POST', '/v1/usage', api.service, {
    events: events.map((event) => ({ ...event, id: `${id}-${event.id}`, accountId: id })),
  });

const read = (api: TestApi, path: string, key: string) => done(api, 'GET', path, key);

/** The body of a good answer; any other one is an error. */
async function done(api: TestApi, method: string, path: string, key: string, body?: unknown, headers = {}) {
  const answer = await api.ask(method, path, { key, headers, ...(body !== undefined && { body }) });
  if (answer.status >= 300)
    throw new Error(`${method} ${path} was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}
