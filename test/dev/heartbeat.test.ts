import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Pool } from 'pg';
import { startHeartbeat } from '../../workers/heartbeat';
import { until } from '../support/notices';

test('the heartbeat is touched while Postgres answers, stands still while it does not, and goes on after', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ballast-heartbeat-'));
  const file = join(folder, 'heartbeat');
  let away = false;
  let refused = 0;
  const query = async () => {
    if (!away) return {};
    refused += 1;
    throw new Error('away');
  };
  const pool = { query } as unknown as Pool;
  const refusedAgain = async (count: number) => {
    const before = refused;
    await until(
      () => refused,
      (now) => now >= before + count,
    );
  };
  const beating = startHeartbeat(pool, file, pino({ level: 'silent' }), 10);
  const touchedMs = () => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const goesOn = async () => {
    const before = touchedMs();
    await until(touchedMs, (now) => now > before);
  };
  await goesOn();
  await goesOn();
  away = true;
  // Of the answers from before, one may be on its way to the file; a beat later none is.
  await refusedAgain(2);
  const stood = touchedMs();
  await refusedAgain(10);
  expect(touchedMs()).toBe(stood);
  away = false;
  await goesOn();
  await beating.stop();
  rmSync(folder, { recursive: true, force: true });
});
