/** When a service that has ended is started again. */
import { keepRunning, pauseMs, type Service } from '../../dev/keepRunning';
import type { Exit } from '../../dev/daemon';
import { until } from '../support/notices';

const killed: Exit = { code: null, signal: 'SIGKILL' };
const crashed: Exit = { code: 1, signal: null };

test('who is killed starts again at once, however often and however soon', () => {
  let pause = 0;
  for (let kill = 1; kill <= 10; kill += 1) pause = pauseMs(killed, 100, pause);
  expect(pause).toBe(0);
});

test('who ends by itself soon after its start waits longer each time, 5 s at most; who had served starts at once', () => {
  const pauses: number[] = [];
  for (let pause = 0; pauses.length < 8;) pauses.push((pause = pauseMs(crashed, 100, pause)));
  expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
  expect(pauseMs({ code: null, signal: 'SIGSEGV' }, 100, 0)).toBe(250);
  expect(pauseMs(crashed, 60_000, 5_000)).toBe(0);
});

/** A service that ends when the test says so. */
function fakeService(): Service & { end(exit: Exit): void } {
  let end!: (exit: Exit) => void;
  const exited = new Promise<Exit>((resolve) => (end = resolve));
  return { pid: 1, exited, end, stop: async () => end({ code: 0, signal: null }) };
}

test('a start that fails is tried again, and a restart that was asked for is neither a crash nor told as one', async () => {
  const lines: string[] = [];
  const started: ReturnType<typeof fakeService>[] = [];
  let failures = 0;
  const kept = await keepRunning(
    'it',
    async () => {
      if (failures-- > 0) throw new Error('not yet');
      const service = fakeService();
      started.push(service);
      return service;
    },
    (line) => lines.push(line),
  );
  failures = 2;
  started[0]!.end(killed);
  await until(
    () => started.length,
    (count) => count === 2,
  );
  expect(lines).toEqual(['it has stopped (SIGKILL); starting it again', 'not yet', 'not yet', 'it is up again']);
  kept.restart();
  await until(
    () => started.length,
    (count) => count === 3,
  );
  expect(lines.slice(4)).toEqual(['it is up again']);
  await kept.stop();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(started).toHaveLength(3);
});

test('a first start that meets a port taken in the meantime is tried with another; any other failure is told at once', async () => {
  let starts = 0;
  const start = async (message: string) => {
    starts += 1;
    if (starts < 3) throw new Error(message);
    return fakeService();
  };
  await keepRunning(
    'it',
    () => start('listen tcp 127.0.0.1:8233: bind: address already in use'),
    () => undefined,
  );
  expect(starts).toBe(3);
  starts = 0;
  await expect(
    keepRunning(
      'it',
      () => start('no such file'),
      () => undefined,
    ),
  ).rejects.toThrow('no such file');
  expect(starts).toBe(1);
});

test('a death whose new start is soon up is one line', async () => {
  const lines: string[] = [];
  const started: ReturnType<typeof fakeService>[] = [];
  const start = async () => {
    const service = fakeService();
    started.push(service);
    return service;
  };
  const kept = await keepRunning('it', start, (line) => lines.push(line));
  started[0]!.end(killed);
  await until(
    () => lines,
    ({ length }) => length > 0,
  );
  expect(lines).toEqual([expect.stringMatching(/^it has stopped \(SIGKILL\) and is up again after \d+\.\d s$/)]);
  expect(started).toHaveLength(2);
  await kept.stop();
});

test('whoever was told which port to take is not said to try another', async () => {
  const lines: string[] = [];
  let starts = 0;
  const start = async () => {
    starts += 1;
    throw new Error('listen EADDRINUSE: address already in use 0.0.0.0:3000');
  };
  await expect(keepRunning('it', start, (line) => lines.push(line), { choosesPort: false })).rejects.toThrow('3000');
  expect([starts, lines]).toEqual([1, []]);
});
