/** One start per data directory, however many are tried at the same moment. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { lockDataDir } from '../../dev/dataDir';
import { describeProcess } from '../../dev/leftovers';
import { takeLock } from '../../dev/lock';
import { times } from '../support/times';

const STARTERS = 50;
/** Compiled by `npm test` before the tests run. */
const lockModule = join(__dirname, '..', '..', 'dist', 'dev', 'lock.js');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ballast-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const busy = (pid: number) => new Error(`busy: ${pid}`);

/** A process that, told a directory and a moment, tries to take the lock at that moment, and keeps what it takes until it ends. */
const starter = `
const { takeLock } = require(${JSON.stringify(lockModule)});
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { directory, at } = JSON.parse(line);
  while (Date.now() < at);
  let said = 'held';
  try { takeLock(directory, (pid) => new Error('busy')); } catch (error) { said = error.message; }
  console.log(said);
});`;

class Starter {
  private readonly child: ChildProcess = spawn(process.execPath, ['-e', starter], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  private readonly lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();

  async take(directory: string, at: number): Promise<string> {
    this.child.stdin!.write(`${JSON.stringify({ directory, at })}\n`);
    return (await this.lines.next()).value as string;
  }

  end(): void {
    this.child.kill('SIGKILL');
  }
}

/** What was said by all who tried at the same moment, counted. */
async function race(starters: Starter[], directory: string): Promise<Record<string, number>> {
  const at = Date.now() + 300;
  const said = await Promise.all(starters.map((one) => one.take(directory, at)));
  return said.reduce<Record<string, number>>((sum, word) => ({ ...sum, [word]: (sum[word] ?? 0) + 1 }), {});
}

test('of fifty starters at the same moment exactly one holds the data directory, fresh, after a dead holder, or after one whose pid is given again', async () => {
  const starters = times(STARTERS, () => new Starter());
  try {
    // All are up when all have answered once.
    await race(starters, join(folder, 'warm-up'));
    const dead = { ...describeProcess(process.pid), pid: 2 ** 22 + 1 };
    const another = { ...describeProcess(process.pid), startedAt: '1' };
    for (const [name, holder] of Object.entries({ fresh: null, dead, another, torn: '' })) {
      for (let round = 0; round < 5; round += 1) {
        const directory = join(folder, `${name}-${round}`);
        mkdirSync(directory);
        if (holder !== null) writeFileSync(join(directory, '1'), holder === '' ? '' : JSON.stringify(holder));
        expect({ name, ...(await race(starters, directory)) }).toEqual({ name, held: 1, busy: STARTERS - 1 });
      }
    }
  } finally {
    starters.forEach((one) => one.end());
  }
});

test('what was given back can be taken again, by name and as often as one likes, and leaves few files', () => {
  for (let turn = 1; turn <= 60; turn += 1) {
    const { release } = takeLock(folder, busy);
    expect(() => takeLock(folder, busy)).toThrow(`busy: ${process.pid}`);
    release();
  }
  expect(readdirSync(folder).length).toBeLessThanOrEqual(20);
});

test('a second start is told who has the data directory', () => {
  const { release } = lockDataDir(folder);
  expect(() => lockDataDir(folder)).toThrow(
    `Ballast already runs on ${folder} (process ${process.pid}). Stop it, or set DATA_DIR to another folder.`,
  );
  release();
  lockDataDir(folder).release();
});
