/** An upgrade without a stop, step by step: from one build to the next while callers go on, and what must be so after it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createApi, type Api } from '../../dev/apiClient';
import { openPool } from '../../ledger/db';
import { findViolations } from '../../ledger/transactions/findViolations';
import type { Build } from './build';
import { ADMIN_KEY, type Running, type Stack } from './stack';
import { startTraffic, type Caller, type Counts, type Traffic } from './traffic';

/** What was seen in a step: how slow the slowest answer was, and what failed. */
export type Step = { name: string; slowestMs: number; failures: string[] };
export type Checked = { steps: Step[]; counts: Counts; faults: string[]; notes: string[] };

/** A caller waits no longer for a migration than for a busy moment. */
const SLOWEST_MS_MAX = 2_000;
const STEP_MS = 3_000;
const READY_MS_MAX = 60_000;

export async function checkUpgrade(
  stack: Stack,
  older: Build,
  newer: Build,
  log: (line: string) => void,
): Promise<Checked> {
  const steps: Step[] = [];
  const faults: string[] = [];
  const notes: string[] = [];
  let traffic: Traffic | null = null;

  async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
    traffic?.slowestMs();
    const before = traffic?.failures.length ?? 0;
    const result = await work();
    await sleep(STEP_MS);
    const failures = traffic?.failures.slice(before) ?? [];
    const slowestMs = traffic?.slowestMs() ?? 0;
    steps.push({ name, slowestMs, failures });
    log(`${name}: ${failures.length} failures, the slowest answer took ${slowestMs.toFixed(0)} ms`);
    if (failures.length > 0) faults.push(`${name}: ${failures.length} failures, the first: ${failures[0]}`);
    if (slowestMs > SLOWEST_MS_MAX) faults.push(`${name}: an answer took ${slowestMs.toFixed(0)} ms`);
    return result;
  }

  await stack.migrate(older);
  const [oldApi, oldWorker] = await Promise.all([stack.startApi(older), stack.startWorker(older)]);
  await Promise.all([ready(oldApi), ready(oldWorker)]);
  const caller = await openAccount(createApi(oldApi.url, ADMIN_KEY), oldApi.url, 'upgrade');
  const reloading = await openAccount(createApi(oldApi.url, ADMIN_KEY), oldApi.url, 'reloading');
  await enableReload(oldApi.url, reloading);
  await useUntilReload(oldApi.url, reloading, 1);
  traffic = startTraffic(caller, oldApi.url);
  await step(`${older.name} alone`, () => Promise.resolve());

  const [newApi, newWorker] = await Promise.all([stack.startApi(newer), stack.startWorker(newer)]);
  await step(`${newer.name} is started before the migration, and waits`, () => Promise.resolve());
  await step('the migration, while a long reader has every table of money', () => migrateBesideReader(stack, newer));
  await Promise.all([ready(newApi), ready(newWorker)]);
  await step('both serve side by side', () => traffic.sendTo([oldApi.url, newApi.url]));
  await compareGates(oldApi, newApi, caller, faults);
  await step(`an API of ${older.name} starts again on the new schema`, () =>
    startAgain(stack, older, traffic, [oldApi, newApi], faults, notes),
  );
  await step(`${older.name} is stopped`, async () => {
    await traffic.sendTo([newApi.url]);
    await Promise.all([oldApi.stop(), oldWorker.stop()]);
  });
  await step(`a reload by ${newer.name}, of a workflow that ${older.name} began`, () =>
    useUntilReload(newApi.url, reloading, 2),
  );

  await traffic.stop();
  await Promise.all([newApi.stop(), newWorker.stop()]);
  faults.push(...(await checkBooks(stack, caller, traffic.counts)));
  return { steps, counts: traffic.counts, faults, notes };
}

const ready = (running: Running): Promise<void> =>
  Promise.race([
    running.ready,
    sleep(READY_MS_MAX, undefined, { ref: false }).then(() => {
      throw new Error(`a process of ${running.build.name} was not ready after ${READY_MS_MAX / 1_000} s`);
    }),
  ]);

async function openAccount(admin: Api, url: string, accountId: string): Promise<Caller> {
  await admin.request('PUT', '/v1/models/upgrade', {
    body: {
      provider: 'Test',
      license: 'open',
      input: ['text'],
      output: 'text',
      batch: false,
      prices: [{ from: '2020-01-01T00:00:00Z', inputPerMillion: '1', outputPerMillion: '1' }],
    },
    accept: [200, 201],
  });
  const member = { name: 'Olga', email: `olga@${accountId}.example`, role: 'owner' };
  await admin.request('POST', '/v1/accounts', { body: { id: accountId, name: accountId, members: [member] } });
  const { data } = await admin.get<{ data: { id: string }[] }>(`/v1/accounts/${accountId}/members`);
  const keyOf = async (path: string, body: object): Promise<string> =>
    (await admin.request<{ key: string }>('POST', path, { body })).body.key;
  const ownerKey = await keyOf(`/v1/accounts/${accountId}/keys`, { memberId: data[0]!.id });
  const serviceKey = await keyOf('/v1/keys', { role: 'service', name: accountId });
  const owner = createApi(url, ownerKey);
  await owner.request('POST', `/v1/accounts/${accountId}/payment-methods`, { body: { paymentMethod: 'pm_card_visa' } });
  await owner.request('POST', `/v1/accounts/${accountId}/prepayments`, {
    body: { amount: '20.00' },
    idempotencyKey: 'first',
  });
  return { accountId, ownerKey, serviceKey };
}

const enableReload = (url: string, { accountId, ownerKey }: Caller): Promise<unknown> =>
  createApi(url, ownerKey).request('PUT', `/v1/accounts/${accountId}/auto-reload`, {
    body: { threshold: '10.00', amount: '25.00', acceptTerms: true },
  });

/** Uses $15, which makes a reload of $25 due. Throws when the account has not so many paid ones after a minute. */
async function useUntilReload(url: string, { accountId, serviceKey, ownerKey }: Caller, count: number): Promise<void> {
  const event = {
    id: `reload-${count}`,
    accountId,
    model: 'upgrade',
    inputTokens: count === 1 ? 15_000_000 : 25_000_000,
  };
  await createApi(url, serviceKey).request('POST', '/v1/usage', { body: { events: [event] } });
  const owner = createApi(url, ownerKey);
  for (const untilMs = Date.now() + READY_MS_MAX; ; await sleep(100)) {
    const { data } = await owner.get<{ data: { status: string }[] }>(`/v1/accounts/${accountId}/reloads`);
    if (data.filter(({ status }) => status === 'succeeded').length >= count) return;
    if (Date.now() > untilMs) throw new Error(`reload ${count} was not paid: ${JSON.stringify(data)}`);
  }
}

/** Somebody reads accounts, lines, payments and usage in one long transaction; callers wait for neither. */
async function migrateBesideReader(stack: Stack, newer: Build): Promise<void> {
  const pool = openPool(stack.ownerUrl, { connectionsMax: 1, applicationName: 'long-reader' });
  const reader = await pool.connect();
  try {
    await reader.query(`begin; set local idle_in_transaction_session_timeout = 0`);
    for (const table of ['accounts', 'balances', 'ledger_lines', 'payments', 'usage_events'])
      await reader.query(`select from ${table} limit 1`);
    const migrating = stack.migrate(newer);
    await Promise.race([migrating, sleep(STEP_MS)]);
    await reader.query('commit');
    await migrating;
  } finally {
    reader.release();
    await pool.end();
  }
}

/** What one build has posted, the gates of both know. */
async function compareGates(
  oldApi: Running,
  newApi: Running,
  { accountId, serviceKey }: Caller,
  faults: string[],
): Promise<void> {
  type Gate = { allowed: boolean; state: string };
  for (const untilMs = Date.now() + 5_000; ; await sleep(50)) {
    const [one, other] = await Promise.all(
      [oldApi, newApi].map(({ url }) => createApi(url, serviceKey).get<Gate>(`/v1/accounts/${accountId}/gate`)),
    );
    if (one!.state === other!.state) return;
    if (Date.now() > untilMs) return void faults.push(`gates differ: ${one!.state} and ${other!.state}`);
  }
}

/** As after a crash, while the newer build takes its place. */
async function startAgain(
  stack: Stack,
  older: Build,
  traffic: Traffic,
  others: readonly Running[],
  faults: string[],
  notes: string[],
): Promise<void> {
  const again = await stack.startApi(older);
  if (!older.servesOnLaterSchemas) {
    notes.push(`${older.name} can't start again on a later schema: it is from before builds were recorded`);
    return again.stop();
  }
  await ready(again).then(
    () => traffic.sendTo([...others, again].map(({ url }) => url)),
    (error: Error) => void faults.push(error.message),
  );
  await sleep(STEP_MS);
  await traffic.sendTo(others.map(({ url }) => url));
  await again.stop();
}

/** All that was acknowledged is there, once; and the ledger is right. */
async function checkBooks(stack: Stack, { accountId }: Caller, counts: Counts): Promise<string[]> {
  const pool = openPool(stack.ownerUrl, { connectionsMax: 2 });
  try {
    const { rows } = await pool.query<{ events: number; prepayments: number; open: number }>(
      `select (select count(*)::int from usage_events where account_id = $1) as events,
         (select count(*)::int from ledger_lines where account_id = $1 and kind = 'prepayment') as prepayments,
         (select count(*)::int from holds where account_id = $1 and status = 'open') as open`,
      [accountId],
    );
    const { events, prepayments, open } = rows[0]!;
    const violations = await findViolations(pool);
    return [
      ...(events === counts.usage + counts.holds
        ? []
        : [`${events} events, ${counts.usage + counts.holds} acknowledged`]),
      ...(prepayments === counts.prepayments + 1
        ? []
        : [`${prepayments} prepayments, ${counts.prepayments + 1} acknowledged`]),
      ...(open === 0 ? [] : [`${open} holds are open`]),
      ...violations.map((violation) => `the ledger is not right: ${JSON.stringify(violation)}`),
    ];
  } finally {
    await pool.end();
  }
}
