import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { Pool } from 'pg';
import { startHeartbeat } from '../../workers/heartbeat';
import { until } from '../support/notices';

test('the heartbeat is touched while Postgres answers, stands still while it does not, and goes on after', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ballast-heartbeat-'));
  const file = join(folder, 'heartbeat');
  let away = false;
  const pool = { query: async () => (away ? Promise.reject(new Error('away')) : {}) } as unknown as Pool;
  const beating = startHeartbeat(pool, file, pino({ level: 'silent' }), 10);
  const touchedMs = () => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const goesOn = async () => {
    const before = touchedMs();
    await until(touchedMs, (now) => now > before);
  };
  await goesOn();
  await goesOn();
  away = true;
  await sleep(100);
  const stood = touchedMs();
  await sleep(200);
  expect(touchedMs()).toBe(stood);
  away = false;
  await goesOn();
  await beating.stop();
  rmSync(folder, { recursive: true, force: true });
});
