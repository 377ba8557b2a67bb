/** What the measurements of ingest send: models, accounts and events, made before the clock starts. */
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import type { Pool } from 'pg';
import { createApi } from '../dev/apiClient';
import { openPool } from '../ledger/db';
import type { PricedEvent } from '../ledger/usage/postUsage';
import type { MeasuredBallast } from './ballast';

export const MODEL = 'bench';
/** Tokens like those of a chat request: about half a cent. */
const COUNTS = { inputTokens: 1_200, outputTokens: 250 };
/** What they cost at $1.00 per million, for baselines that do not price. */
export const COST_NANO = 1_450_000n;

/** Puts the model, makes a service key and so many accounts with money, straight into the tables where that is quicker. */
export async function prepareUsage(
  { url, databaseUrl, admin }: MeasuredBallast,
  accounts: number,
): Promise<{ serviceKey: string; accountIds: string[]; pool: Pool }> {
  const prices = [{ from: '2020-01-01T00:00:00Z', inputPerMillion: '1.00', outputPerMillion: '1.00' }];
  await admin.request('PUT', `/v1/models/${MODEL}`, {
    body: { provider: 'bench', license: 'open', input: ['text'], output: 'text', batch: false, prices },
  });
  const { body } = await admin.request<{ key: string }>('POST', '/v1/keys', {
    body: { role: 'service', name: 'bench' },
  });
  const pool = openPool(databaseUrl, { applicationName: 'bench', connectionsMax: 32 });
  const prefix = randomUUID().slice(0, 8);
  const accountIds = Array.from({ length: accounts }, (_, i) => `b-${prefix}-${i}`);
  await openAccounts(pool, accountIds);
  await createApi(url, body.key).get(`/v1/accounts/${accountIds[0]}/gate`);
  return { serviceKey: body.key, accountIds, pool };
}

/** Accounts that rest: their workflows have folded what there is, so the relay leaves them alone. */
export async function openAccounts(pool: Pool, ids: readonly string[]): Promise<void> {
  await pool.query(`insert into accounts (id, name, tier) select id, id, 'standard' from unnest($1::text[]) id`, [ids]);
  await pool.query(
    `insert into account_states (account_id, told_low, flag_reasons) select id, false, '{}' from unnest($1::text[]) id`,
    [ids],
  );
  await pool.query('insert into balances (account_id) select id from unnest($1::text[]) id', [ids]);
  await pool.query(
    `select post_line(id, 'adjustment', 'adjustments', 1000000000000000, 'bench/' || id, 'bench', 'bench') from unnest($1::text[]) id`,
    [ids],
  );
  await pool.query(
    'update balances set folded_news = news, folded_available_nano = balance_nano where account_id = any($1)',
    [ids],
  );
}

/** Events in turn over the accounts, with ids of their own. */
export const makeEvents = (
  count: number,
  accountIds: readonly string[],
): { id: string; accountId: string; model: string; inputTokens: number; outputTokens: number }[] =>
  Array.from({ length: count }, (_, i) => ({
    id: randomUUID(),
    accountId: accountIds[i % accountIds.length]!,
    model: MODEL,
    ...COUNTS,
  }));

export const makePricedEvents = (count: number, accountIds: readonly string[]): PricedEvent[] =>
  makeEvents(count, accountIds).map((event) => ({
    ...event,
    cachedInputTokens: 0,
    images: 0,
    imageSize: null,
    atMs: Date.now(),
    holdId: null,
    cost: COST_NANO as PricedEvent['cost'],
  }));

export const chunk = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));

/** Request bodies for POST /v1/usage, as they go over the wire. */
export const makeBodies = (events: number, perRequest: number, accountIds: readonly string[]): Buffer[] =>
  chunk(makeEvents(events, accountIds), perRequest).map((batch) => Buffer.from(JSON.stringify({ events: batch })));

/** Sends all bodies over so many kept connections, each one after the other; returns the seconds. Throws on anything but 200. */
export async function post(
  url: string,
  serviceKey: string,
  bodies: readonly Buffer[],
  connections: number,
): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let next = 0;
  const sender = async (): Promise<void> => {
    for (let i = next++; i < bodies.length; i = next++) await postOne(agent, `${url}/v1/usage`, serviceKey, bodies[i]!);
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: connections }, sender));
  const seconds = (performance.now() - started) / 1_000;
  agent.destroy();
  return seconds;
}

/** Rejects with anything but 200. */
export function postOne(agent: Agent, url: string, key: string, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'content-length': body.length,
    };
    request(url, { method: 'POST', agent, headers }, (response) => {
      response
        .resume()
        .on('end', () =>
          response.statusCode === 200 ? resolve() : reject(new Error(`POST /v1/usage answered ${response.statusCode}`)),
        );
    })
      .on('error', reject)
      .end(body);
  });
}
