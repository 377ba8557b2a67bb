/** The whole of `npm start` on a disk that is full for a while: usage waits, gates answer, and all goes on by itself. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/notices';
import { NpmStart } from '../support/npmStart';
import { times } from '../support/times';

const disk = mkdtempSync(join(tmpdir(), 'ballast-full-'));
const SIZE = '400m';
/** Takes root, and a system that lets it. */
const mounted =
  process.platform === 'linux' && spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', disk]).status === 0;
const name = mounted ? '' : ' (left out: a small disk can not be mounted here)';
let ballast: NpmStart | undefined;
afterAll(async () => {
  await ballast?.stop();
  if (mounted) spawnSync('umount', ['-l', disk]);
  rmSync(disk, { recursive: true, force: true });
});

const filler = join(disk, 'filler');
function fill(): void {
  const file = openSync(filler, 'a');
  for (let size = 2 ** 20; size >= 2 ** 12;) {
    try {
      writeSync(file, Buffer.alloc(size));
    } catch {
      size /= 2;
    }
  }
  closeSync(file);
}

const EVENTS = 200;
const eventsOf = (batch: number) =>
  times(EVENTS, (nth) => ({ id: `${batch}-${nth}`, accountId: 'full', model: 'm', inputTokens: 1_000 }));

(mounted ? test : test.skip)(
  `while the disk is full usage answers 503 and gates go on; with space again everything goes on by itself, to the nano-dollar${name}`,
  async () => {
    ballast = await NpmStart.start(join(disk, 'data'), { GATE_STALE_AFTER: '600s', GATE_POLICY: 'fail_open' });
    const { ask } = { ask: ballast.ask.bind(ballast) };
    const owner = await ballast.account('full');
    const service = (await ask('POST', '/v1/keys', { role: 'service', name: 's' })).body.key as string;
    await ask('PUT', '/v1/models/m', {
      provider: 'T',
      license: 'open',
      input: ['text'],
      output: 'text',
      batch: false,
      prices: [{ from: '2020-01-01T00:00:00Z', inputPerMillion: '1', outputPerMillion: '1' }],
    });
    const paid = await ask('POST', '/v1/accounts/full/prepayments', { amount: '1000.00' }, owner, {
      'Idempotency-Key': 'first',
    });
    expect(paid.status).toBe(201);
    const report = (batch: number) => ask('POST', '/v1/usage', { events: eventsOf(batch) }, service);
    const gate = () => ask('GET', '/v1/accounts/full/gate', undefined, service);
    expect((await report(0)).status).toBe(200);
    expect((await gate()).body).toMatchObject({ allowed: true });

    let batches = 1;
    let full = await report(batches);
    for (const deadline = Date.now() + 60_000; full.status !== 503 && Date.now() < deadline;) {
      fill();
      full = await report(++batches);
    }
    expect(full).toMatchObject({ status: 503, body: { code: 'database_unavailable' } });
    expect(statfsSync(disk).bavail).toBeLessThan(8);
    for (let second = 0; second < 6; second += 1) {
      fill();
      expect((await fetch(`${ballast.url}/healthz`)).status).toBe(200);
      expect((await gate()).body).toMatchObject({ allowed: true });
      expect([503]).toContain((await report(++batches)).status);
      await sleep(1_000);
    }

    rmSync(filler);
    await until(
      () => report(0).catch(() => ({ status: 0 })),
      ({ status }) => status === 200,
      60_000,
    );
    for (let batch = 0; batch <= batches; batch += 1) expect((await report(batch)).status).toBe(200);
    // A thousand tokens at a dollar a million are a tenth of a cent.
    const left = 1_000 - (batches + 1) * EVENTS * 0.001;
    expect(Number((await ask('GET', '/v1/accounts/full')).body.balance)).toBeCloseTo(left, 6);
    const again = await until(
      () =>
        ask('POST', '/v1/accounts/full/prepayments', { amount: '5.00' }, owner, { 'Idempotency-Key': 'again' }).catch(
          () => ({ status: 0, body: null }),
        ),
      ({ status }) => status === 201,
      60_000,
    );
    expect(again.body).toMatchObject({ status: 'succeeded' });
  },
  240_000,
);
