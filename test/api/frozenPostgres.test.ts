/** A Postgres that is stopped in mid-run: it takes connections and questions, and answers nothing (S6). */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StalePolicy } from '../../domain/gate';
import { startPostgres, type RunningPostgres } from '../../dev/postgres';
import { openPool } from '../../ledger/db';
import { migrate } from '../../ledger/migrate';
import { openAccount, startTestApi, type Answer, type TestAccount, type TestApi } from '../support/api';
import { until } from '../support/notices';

let dataDir: string;
let postgres: RunningPostgres;
const stopped: number[] = [];
beforeAll(async () => {
  stalls.enable();
  dataDir = mkdtempSync(join(tmpdir(), 'ballast-frozen-'));
  postgres = await startPostgres({ dataDir, durable: false, log: () => undefined });
});
afterEach(thaw);
afterAll(async () => {
  stalls.disable();
  await postgres.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

/** All processes of the server: its children first, so that none is made anew meanwhile. */
function freeze(): void {
  const children = readFileSync(`/proc/${postgres.pid}/task/${postgres.pid}/children`, 'utf8').trim().split(' ');
  for (const pid of [postgres.pid, ...children.map(Number)]) {
    process.kill(pid, 'SIGSTOP');
    stopped.push(pid);
  }
}
function thaw(): void {
  for (const pid of stopped.splice(0).reverse()) process.kill(pid, 'SIGCONT');
}

const STALE_AFTER_MS = 3_000;
type Frozen = { api: TestApi; known: TestAccount; gate(id: string, key?: string): Promise<Answer & { ms: number }> };

/** An API that has known an account and a key before its Postgres stops. */
async function whileFrozen(onStale: StalePolicy['onStale'], work: (frozen: Frozen) => Promise<void>): Promise<void> {
  const pool = openPool(postgres.url, { applicationName: 'test' });
  await migrate(pool);
  const database = { url: postgres.url, pool, owner: pool, ownerUrl: postgres.url, drop: async () => {} };
  const api = await startTestApi({ database, gatePolicy: { onStale, staleAfterMs: STALE_AFTER_MS } });
  const gate = async (id: string, key = api.service) => {
    const startedMs = performance.now();
    const answer = await api.ask('GET', `/v1/accounts/${id}/gate`, { key });
    return { ...answer, ms: performance.now() - startedMs };
  };
  try {
    const known = await openAccount(api, '5.00');
    expect((await gate(known.id)).body).toMatchObject({ allowed: true });
    await work({ api, known, gate });
  } finally {
    thaw();
    await api.close();
    await pool.end();
  }
}

/** Nobody waits for an answer of Postgres, which would be seconds. How long this busy process itself stood still is not counted. */
const AT_ONCE_MS = 1_500;
const stalls = monitorEventLoopDelay();
const atOnceMs = (): number => AT_ONCE_MS + stalls.max / 1e6;
const codeOf = ({ status, body }: Answer) => (status === 200 ? 'allowed' : (body.code as string));

test('9.17 fail_closed: known gates and keys go on at once, then gates are stale; the unknown is refused at once', async () => {
  await whileFrozen('fail_closed', async ({ api, known, gate }) => {
    freeze();
    const first = await Promise.all([gate('nobody'), gate(known.id, 'bk_of_nobody'), gate(known.id)]);
    expect(first.map(codeOf)).toEqual(['gate_stale', 'database_unavailable', 'allowed']);
    const answers = [...first];
    let stale = await gate(known.id);
    for (; stale.status === 200; stale = await gate(known.id)) answers.push(stale);
    // Each look tells when the gates are from: the last one is good for 3 s, and no longer.
    const asOfMs = answers.slice(2).map(({ body }) => Date.parse(body.asOf as string));
    expect(new Set(asOfMs).size).toBe(1);
    expect(answers.length).toBeGreaterThan(3);
    expect(Date.now() - asOfMs[0]!).toBeGreaterThanOrEqual(STALE_AFTER_MS);
    await sleep(2_500); // much longer than a key is fresh, or a gate
    for (let again = 0; again < 5; again++) answers.push(stale, await gate(known.id), await gate('nobody'));
    expect(new Set(answers.slice(-15).map(codeOf))).toEqual(new Set(['gate_stale']));
    const unknown = await Promise.all(Array.from({ length: 20 }, (_, n) => gate(known.id, `bk_of_nobody_${n}`)));
    expect(new Set(unknown.map(codeOf))).toEqual(new Set(['database_unavailable']));
    for (const { ms, status, headers } of [...answers, ...unknown]) {
      expect(ms).toBeLessThan(atOnceMs());
      if (status === 503) expect(headers.get('retry-after')).toMatch(/^\d+$/);
    }

    const startedMs = performance.now();
    const authorize = { key: api.service, headers: { 'X-Account-Id': known.id } };
    expect(codeOf(await api.ask('GET', '/v1/authorize', authorize))).toBe('gate_stale');
    expect((await api.ask('GET', '/v1/gates/stream', { key: api.service })).status).toBe(200);
    expect(performance.now() - startedMs).toBeLessThan(2 * atOnceMs());

    thaw();
    await until(
      () => gate(known.id),
      (answer) => answer.status === 200,
    );
    await until(
      () => gate(known.id, 'bk_of_nobody'),
      (answer) => answer.status === 401,
    );
    expect((await gate('nobody')).status).toBe(404);
  });
});

test('9.17 fail_open: the last known answer stands, and an unknown account is denied, at once', async () => {
  await whileFrozen('fail_open', async ({ known, gate }) => {
    freeze();
    for (let again = 0; again < 10; again++) {
      const [of, unknown] = await Promise.all([gate(known.id), gate('nobody')]);
      expect(of.body).toMatchObject({ allowed: true });
      expect(unknown).toMatchObject({ status: 200, body: { allowed: false, version: 0 } });
      expect(Math.max(of.ms, unknown.ms)).toBeLessThan(atOnceMs());
      await sleep(500);
    }
  });
});
