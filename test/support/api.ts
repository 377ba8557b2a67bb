/** An API for a test: on a database of its own, with keys for every role, and a Temporal that only takes notes. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type Stripe from 'stripe';
import { createApi, type Api } from '../../api/server';
import { createFolderStore } from '../../batches/fileStore';
import type { Pace } from '../../batches/pace';
import { readStoreOwner } from '../../ledger/files/readStoreOwner';
import type { AccountLimits } from '../../domain/accountLimits';
import type { SettingsBounds } from '../../domain/autoReload';
import type { StalePolicy } from '../../domain/gate';
import { insertMemberKey } from '../../ledger/accounts/insertMemberKey';
import { createPlatformKey } from '../../ledger/accounts/createPlatformKey';
import { listMembers } from '../../ledger/accounts/listMembers';
import { createStripe } from '../../stripe/client';
import type { Metrics } from '../../telemetry/metrics';
import { checkAnswer } from './answers';
import { createTestDatabase, type TestDatabase } from './database';
import { testInvitations, testLinks, testSignIns } from './links';
import { TEST_CLAIM_SECRET } from './provider';
import { createTestLog } from './testLog';

export type Asked = { key?: string; body?: unknown; raw?: string | Buffer; headers?: Record<string, string> };
export type Answer = { status: number; body: any; headers: Headers };
export type SentSignal = { accountId: string; signal: string; args: unknown[] };

export type TestApi = {
  database: TestDatabase;
  url: string;
  api: Api;
  /** Keys of the platform. */
  admin: string;
  service: string;
  /** What would have been signalled to workflows. */
  signals: SentSignal[];
  ask(method: string, path: string, asked?: Asked): Promise<Answer>;
  close(): Promise<void>;
};

/** What events may be signed with: the new secret, and the one that it replaces. */
export const TEST_WEBHOOK_SECRETS = ['whsec_test_new', 'whsec_test_old'];

export type TestApiOptions = {
  database?: TestDatabase;
  temporal?: Client;
  stripe?: Stripe;
  allowPrivateWebhooks?: boolean;
  gatePolicy?: StalePolicy;
  /** What owners can choose for auto-reload. @default the product's own */
  bounds?: SettingsBounds;
  trustedProxies?: readonly string[];
  /** How many of each thing an account may have. @default the product's own */
  accountLimits?: AccountLimits;
  /** The API's own clock. @default a right one */
  now?: () => number;
  /** @default one for tests */
  log?: Logger;
  /** Where files lie. @default a folder of its own, removed at the end */
  filesDir?: string;
  batchesUrl?: string;
  /** Touched while gates and usage are asked. @default none */
  gatesBusyFile?: string;
  /** How fast batches go. @default at full speed */
  pace?: Pace;
  /** @default http://127.0.0.1 */
  publicUrl?: string;
  /** The folder of the built console. @default none */
  consoleDir?: string;
  metrics?: Metrics;
};

export async function startTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const database = options.database ?? (await createTestDatabase());
  const signals: SentSignal[] = [];
  const { log, expectRightStatements } = createTestLog();
  const filesDir = options.filesDir ?? mkdtempSync(join(tmpdir(), 'ballast-files-'));
  const files = createFolderStore(filesDir, () => readStoreOwner(database.pool));
  // As processes do when they start; in a folder that is not the database's, the test sees what comes of it.
  await files.check().catch(() => undefined);
  const api = createApi({
    pool: database.pool,
    databaseUrl: database.url,
    temporal: options.temporal ?? noteTaker(signals),
    stripe: options.stripe ?? createStripe({ secretKey: 'sk_test_none', apiBase: 'http://127.0.0.1:9' }),
    claimSecret: TEST_CLAIM_SECRET,
    policy: { trigger: 'at_or_below', retryDelaysMs: [60_000, 300_000] },
    links: testLinks,
    invitations: testInvitations,
    signIns: testSignIns,
    publicUrl: options.publicUrl ?? 'http://127.0.0.1',
    files,
    ...(options.batchesUrl !== undefined && { batchesUrl: options.batchesUrl }),
    ...(options.gatesBusyFile !== undefined && { gatesBusyFile: options.gatesBusyFile }),
    pace: options.pace,
    ...(options.consoleDir !== undefined && { consoleDir: options.consoleDir }),
    ...(options.metrics !== undefined && { metrics: options.metrics }),
    stripeWebhookSecrets: TEST_WEBHOOK_SECRETS,
    log: options.log ?? log,
    trustedProxies: options.trustedProxies ?? [],
    checkReplies: true,
    ...(options.now && { now: options.now }),
    ...(options.gatePolicy && { gatePolicy: options.gatePolicy }),
    ...(options.accountLimits && { accountLimits: options.accountLimits }),
    ...(options.bounds && { bounds: options.bounds }),
    ...(options.allowPrivateWebhooks !== undefined && { allowPrivateWebhooks: options.allowPrivateWebhooks }),
  });
  const { port } = await api.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${port}`;
  const [admin, service] = await Promise.all(
    (['admin', 'service'] as const).map(async (role) => (await createPlatformKey(database.pool, role, 'test')).key),
  );
  return {
    database,
    url,
    api,
    signals,
    admin: admin!,
    service: service!,
    ask: (method, path, asked) => ask(url, method, path, asked),
    async close() {
      await api.close();
      if (!options.database) await database.drop();
      if (options.filesDir === undefined) rmSync(filesDir, { recursive: true, force: true });
      expectRightStatements();
    },
  };
}

async function ask(
  url: string,
  method: string,
  path: string,
  { key, body, raw, headers }: Asked = {},
): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(key !== undefined && { Authorization: `Bearer ${key}` }),
      ...((body !== undefined || raw !== undefined) && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...((body !== undefined || raw !== undefined) && { body: raw ?? JSON.stringify(body) }),
    redirect: 'manual',
  });
  // A stream has no end: its status and headers are the answer.
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  if (isStream) await response.body?.cancel();
  const content = isStream ? '' : await response.text();
  checkAnswer({ method, path, status: response.status, headers: response.headers, content });
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && content !== '' ? JSON.parse(content) : content,
  };
}

/** The part of a Temporal client that signals use. */
export function noteTaker(signals: SentSignal[]): Client {
  return {
    withDeadline: <T>(_deadline: number, work: () => Promise<T>) => work(),
    workflowService: { getSystemInfo: () => Promise.resolve({}) },
    workflow: {
      signalWithStart: async (
        _type: string,
        options: { args: [{ accountId: string }]; signal: { name: string }; signalArgs: unknown[] },
      ) =>
        void signals.push({
          accountId: options.args[0].accountId,
          signal: options.signal.name,
          args: options.signalArgs,
        }),
    },
  } as unknown as Client;
}

export type TestAccount = { id: string; owner: string; member: string; modifier: string };
/** Test files share a Temporal: their accounts' workflows must not. */
const file = randomUUID().slice(0, 6);
let accounts = 0;

/** An account with a member, and a key, of each role; with a balance when one is given. */
export async function openAccount(
  api: TestApi,
  balance?: string,
  id = `account-${file}-${++accounts}`,
): Promise<TestAccount> {
  const members = (['owner', 'resource_modifier', 'member'] as const).map((role) => ({
    name: role,
    email: `${role}@${id}.example`,
    role,
  }));
  const { status, body } = await api.ask('POST', '/v1/accounts', {
    key: api.admin,
    body: { id, name: `Account ${id}`, members },
  });
  if (status !== 201) throw new Error(`the account was not opened: ${JSON.stringify(body)}`);
  const pool = api.database.pool;
  const listed = await listMembers(pool, id);
  const keyOf = async (role: string) =>
    (await insertMemberKey(pool, id, listed.find((member) => member.role === role)!.id))!.key;
  if (balance !== undefined) await adjust(api, id, balance);
  return { id, owner: await keyOf('owner'), member: await keyOf('member'), modifier: await keyOf('resource_modifier') };
}

let adjustments = 0;
export const adjust = (api: TestApi, accountId: string, amount: string): Promise<Answer> =>
  api.ask('POST', `/v1/accounts/${accountId}/adjustments`, {
    key: api.admin,
    body: { amount, reason: 'test' },
    headers: { 'Idempotency-Key': `adjustment-${++adjustments}` },
  });

/** A model that costs a dollar per million input tokens, two per million output tokens, four cents an image. */
export const putModel = (api: TestApi, id = 'model'): Promise<Answer> =>
  api.ask('PUT', `/v1/models/${encodeURIComponent(id)}`, {
    key: api.admin,
    body: {
      provider: 'Test',
      license: 'open',
      input: ['text'],
      output: 'text',
      batch: false,
      prices: [
        {
          from: '2020-01-01T00:00:00Z',
          inputPerMillion: '1',
          outputPerMillion: '2',
          perImage: { '1024x1024': '0.04' },
        },
      ],
    },
  });

export const report = (api: TestApi, events: unknown[]): Promise<Answer> =>
  api.ask('POST', '/v1/usage', { key: api.service, body: { events } });

/** What a workflow does when it has read all there is: from now on only a crossing is worth a signal. */
export async function fold(api: TestApi, accountId: string): Promise<void> {
  await api.database.pool.query(
    'update balances set folded_news = news, folded_available_nano = balance_nano - held_nano where account_id = $1',
    [accountId],
  );
  await adjust(api, accountId, '0.01');
  await adjust(api, accountId, '-0.01');
  api.signals.length = 0;
}
