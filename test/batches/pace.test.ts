/** L5: while gates and usage are asked, batches take a share of the processor, and all of it otherwise. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { keepBusyFile, type BusyFile } from '../../api/gate/busyFile';
import { atPace, createPacer, type Pacer } from '../../batches/pace';
import { until } from '../support/notices';
import { times } from '../support/times';

const folder = mkdtempSync(join(tmpdir(), 'ballast-pace-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = (): string => join(folder, `busy-${++files}`);

const ended: (() => void)[] = [];
afterEach(() => ended.splice(0).forEach((end) => end()));

/** As an API does whose gates are asked; by whatever clock. */
function touchAgainAndAgain(file: string, clock: () => number = Date.now): () => void {
  const touch = (): void => {
    writeFileSync(file, '');
    utimesSync(file, clock() / 1_000, clock() / 1_000);
  };
  touch();
  const timer = setInterval(touch, 50);
  const end = (): void => clearInterval(timer);
  ended.push(end);
  return end;
}

function startPacer(file: string, share = 0.1): { pacer: Pacer; waitedMs(): number } {
  let waited = 0;
  const pacer = createPacer({ file, share, onWaited: (ms) => (waited += ms) });
  ended.push(() => pacer.close());
  return { pacer, waitedMs: () => waited };
}

function work(ms: number): void {
  for (const startedMs = performance.now(); performance.now() - startedMs < ms;);
}

test('L5 while the file is touched, steps take their share of the processor; afterwards they wait for nothing', async () => {
  const file = newFile();
  const end = touchAgainAndAgain(file);
  const { pacer, waitedMs } = startPacer(file);
  await until(() => pacer.isSlow(), Boolean);
  const [startedMs, cpu] = [performance.now(), process.cpuUsage()];
  let steps = 0;
  while (performance.now() - startedMs < 2_000) {
    await pacer.next('count');
    work(2);
    steps += 1;
  }
  const elapsedMs = performance.now() - startedMs;
  const used = process.cpuUsage(cpu);
  // At full speed it would be the whole core, and 1,000 steps.
  expect((used.user + used.system) / 1_000 / elapsedMs).toBeLessThan(0.5);
  expect(steps).toBeGreaterThan(1);
  expect(steps).toBeLessThan(500);
  expect(waitedMs()).toBeGreaterThan(500);

  end();
  await until(
    () => pacer.isSlow(),
    (slow) => !slow,
  );
  const before = waitedMs();
  for (let step = 0; step < 200; step++) await pacer.next('count');
  expect(waitedMs()).toBe(before);
});

test('L5 eight uploads at once have their turns one after the other, and none waits for ever', async () => {
  const file = newFile();
  touchAgainAndAgain(file);
  const { pacer } = startPacer(file);
  await until(() => pacer.isSlow(), Boolean);
  async function* chunks(): AsyncGenerator<number> {
    for (let chunk = 1; chunk <= 5; chunk++) yield chunk;
  }
  const turns: number[] = [];
  await Promise.all(
    Array.from({ length: 8 }, async (_, upload) => {
      for await (const _chunk of atPace(chunks(), pacer, 'upload', 'own')) {
        turns.push(upload);
        work(1);
      }
    }),
  );
  expect(turns.length).toBe(40);
  for (let round = 0; round < 5; round++) expect(new Set(turns.slice(round * 8, round * 8 + 8)).size).toBe(8);
});

/** One whose process does so much else that there is never anything left of its share. */
async function startUsedUpPacer(): Promise<Pacer> {
  const file = newFile();
  touchAgainAndAgain(file);
  const { pacer } = startPacer(file, 0.000_1);
  await until(() => pacer.isSlow(), Boolean);
  work(20);
  return pacer;
}

test('L5 a claim stands behind no upload, and of accounts that upload each has its turn', async () => {
  const pacer = await startUsedUpPacer();
  const startedMs = performance.now();
  const turns: string[] = [];
  const uploads = times(55, () => 'many').concat('one', 'one');
  for (const account of uploads) void pacer.next('upload', account).then(() => turns.push(account));
  await pacer.next('claim', 'batch');
  expect(performance.now() - startedMs).toBeLessThan(2_000);
  await until(
    () => turns.length,
    (count) => count >= 5,
  );
  expect(turns.slice(0, 5)).toEqual(['many', 'one', 'many', 'one', 'many']);
}, 60_000);

test('L5 whatever else the process does, uploads go on ten times a second', async () => {
  const pacer = await startUsedUpPacer();
  const startedMs = performance.now();
  for (let step = 0; step < 20; step++) {
    await pacer.next('upload', 'own');
    work(1);
  }
  expect(performance.now() - startedMs).toBeLessThan(5_000);
}, 60_000);

test('L5 what was used at full speed is not owed, and however much else the process does, steps go on', async () => {
  const file = newFile();
  // What the test itself uses is more than that.
  const { pacer } = startPacer(file, 0.000_1);
  work(300);
  touchAgainAndAgain(file);
  await until(() => pacer.isSlow(), Boolean);
  for (let step = 0; step < 5; step++) {
    await pacer.next('count');
    work(10);
  }
}, 30_000);

test('L5 only a file that is being touched counts: not one that is there, or whose time is yet to come', async () => {
  const [past, future, none] = [newFile(), newFile(), newFile()];
  writeFileSync(past, '');
  writeFileSync(future, '');
  utimesSync(future, Date.now() / 1_000 + 86_400, Date.now() / 1_000 + 86_400);
  const pacers = [past, future, none].map((file) => startPacer(file).pacer);
  for (let look = 0; look < 20; look++) {
    await sleep(25);
    expect(pacers.map((pacer) => pacer.isSlow())).toEqual([false, false, false]);
  }
});

test('L5 a clock that runs backwards or is a year ahead changes nothing', async () => {
  let ms = Date.now() + 365 * 86_400_000;
  const file = newFile();
  touchAgainAndAgain(file, () => (ms -= 1_000));
  const { pacer } = startPacer(file);
  await until(() => pacer.isSlow(), Boolean);
});

test('L5 a pacer that is closed lets go of whoever waits', async () => {
  const file = newFile();
  touchAgainAndAgain(file);
  const { pacer } = startPacer(file, 0.0001);
  await until(() => pacer.isSlow(), Boolean);
  work(50);
  const waiting = pacer.next('count');
  pacer.close();
  await waiting;
  expect(pacer.isSlow()).toBe(false);
});

const timeOf = (file: string): number | null => (existsSync(file) ? statSync(file).mtimeMs : null);
function keep(file: string, answered: () => number, onError = (error: Error): void => void fail(error)): BusyFile {
  const kept = keepBusyFile(file, answered, onError);
  ended.push(() => kept.close());
  return kept;
}
const fail = (error: Error): never => {
  throw error;
};

test('L5 the file is touched again and again while there are many answers, and not while there are few', async () => {
  const [file, quiet] = [newFile(), newFile()];
  let answered = 0;
  const asking = setInterval(() => (answered += 20), 20);
  ended.push(() => clearInterval(asking));
  keep(file, () => answered);
  let few = 1_000_000;
  keep(quiet, () => (few += 1));
  for (let change = 0; change < 3; change++) {
    const before = timeOf(file);
    await until(
      () => timeOf(file),
      (time) => time !== null && time !== before,
    );
  }
  expect(timeOf(quiet)).toBeNull();

  clearInterval(asking);
  await sleep(1_500);
  const last = timeOf(file);
  await sleep(1_000);
  expect(timeOf(file)).toBe(last);
});

test('L5 a file that can not be touched is told once, and touched once it can be', async () => {
  const file = join(folder, 'later', 'busy');
  let answered = 0;
  const errors: Error[] = [];
  keep(
    file,
    () => (answered += 1_000),
    (error) => errors.push(error),
  );
  await until(
    () => errors.length,
    (count) => count > 0,
  );
  await sleep(1_000);
  expect(errors).toMatchObject([{ code: 'ENOENT' }]);
  mkdirSync(join(folder, 'later'));
  await until(
    () => timeOf(file),
    (time) => time !== null,
  );
});
