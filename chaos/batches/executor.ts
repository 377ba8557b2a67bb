/** An executor as bad as they come: it is slow, forgets what it has claimed, sends results twice. Run as a program of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../random';
import { resultOf } from './model';

/** As short as the API allows: a freeze outlasts it. */
const LEASE_SECONDS = 10;
const ASK_MS_MAX = 20_000;

const { BALLAST_URL: url, BALLAST_KEY: key, SEED: seed } = process.env;
const random = createRandom(Number(seed));

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(ASK_MS_MAX),
  });
  if (!answer.ok) throw new Error(`${path} was answered ${answer.status}`);
  return (await answer.json()) as T;
}

async function work(): Promise<void> {
  const { data: jobs } = await ask<{ data: { id: string }[] }>('GET', '/v1/batches/claimable');
  if (jobs.length === 0) return void (await sleep(100));
  const { id } = random.pick(jobs);
  const claim = { limit: random.between(1, 8), leaseSeconds: LEASE_SECONDS };
  const { data } = await ask<{ data: { custom_id: string }[] }>('POST', `/v1/batches/${id}/claims`, claim);
  if (data.length === 0 || random.chance(0.05)) return;
  await sleep(random.between(0, 200));
  const results = data.map(({ custom_id: customId }) => resultOf(customId));
  await ask('POST', `/v1/batches/${id}/results`, { results });
  if (random.chance(0.15)) await ask('POST', `/v1/batches/${id}/results`, { results });
}

/** Its faults are the campaign's to make: whatever an answer says, it goes on. */
async function main(): Promise<void> {
  for (;;) await work().catch(() => sleep(200));
}

void main();
