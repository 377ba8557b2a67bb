/** `npm start` as it is, on a data directory of the test's own: to kill what it runs, and to look at what it leaves. */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from './notices';
import { dist } from './paths';

/** Compiled by `npm test` before the tests run. */
const program = join(dist, 'dev', 'start.js');
type Answer = { status: number; body: any };
export type Part = 'Postgres' | 'temporal' | 'stripe' | 'api' | 'worker' | 'batches' | 'batch worker';

export class NpmStart {
  readonly lines: string[] = [];
  url = '';

  private constructor(
    readonly child: ChildProcess,
    readonly dataDir: string,
  ) {}

  static async start(dataDir: string, env: NodeJS.ProcessEnv = {}, stdio: StdioOptions = 'pipe'): Promise<NpmStart> {
    const child = spawn(process.execPath, [program], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, DEMO: '0', PORT: '0', DATA_DIR: dataDir, ...env },
      stdio,
    });
    const started = new NpmStart(child, dataDir);
    for (const stream of [child.stdout, child.stderr])
      if (stream) createInterface({ input: stream }).on('line', (line) => started.lines.push(line));
    await until(
      () => {
        if (child.exitCode !== null) throw new Error(`npm start ended:\n${started.lines.join('\n')}`);
        return started.lines;
      },
      (lines) => lines.some((line) => line.startsWith('Ctrl-C stops it all')),
      90_000,
    );
    started.url = /at (http\S+)/.exec(started.lines.find((line) => line.startsWith('Ballast is ready'))!)![1]!;
    return started;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await gone;
  }

  get adminKey(): string {
    return this.read('secrets.json').adminKey;
  }

  get ports(): Record<string, number> {
    return this.read('ports.json');
  }

  pid(part: Part): number {
    if (part !== 'Postgres') return this.read(join('run', `${part}.json`)).pid;
    return Number(readFileSync(join(this.dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
  }

  /** Everything that it has started, at whatever depth. Linux only. */
  descendants(): number[] {
    const parents = new Map<number, number>();
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        parents.set(Number(pid), Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]));
      } catch {
        continue; // it has ended meanwhile
      }
    }
    const below = (of: number): number[] =>
      [...parents].filter(([, parent]) => parent === of).flatMap(([pid]) => [pid, ...below(pid)]);
    return below(this.child.pid!);
  }

  /** kill -9 of the supervisor first, which then starts nothing again. @param others killed with it */
  async killAll(others: number[]): Promise<void> {
    const gone = once(this.child, 'exit');
    for (const pid of [this.child.pid!, ...others]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        continue; // as its parent was killed
      }
    }
    await gone;
  }

  kill(part: Part): void {
    process.kill(this.pid(part), 'SIGKILL');
  }

  /** Kills it, and has its port in the hands of another program before the supervisor can start it again. */
  async killAndTakePort(part: 'Postgres' | 'temporal' | 'stripe'): Promise<Server> {
    const port = this.ports[part.toLowerCase()]!;
    this.child.kill('SIGSTOP');
    this.kill(part);
    const thief = createServer((socket) => socket.on('error', () => {}));
    await until(
      () =>
        new Promise<boolean>((resolve) => {
          thief.once('error', () => resolve(false));
          thief.listen(port, '127.0.0.1', () => resolve(true));
        }),
      Boolean,
    );
    this.child.kill('SIGCONT');
    return thief;
  }

  async ask(
    method: string,
    path: string,
    body?: unknown,
    key = this.adminKey,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        Authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  }

  /** An account with a card; returns its owner's key. */
  async account(id: string): Promise<string> {
    await this.ask('POST', '/v1/accounts', {
      id,
      name: id,
      members: [{ name: 'O', email: `o@${id}.example`, role: 'owner' }],
    });
    const { body } = await this.ask('GET', `/v1/accounts/${id}/members`);
    const { key } = (await this.ask('POST', `/v1/accounts/${id}/keys`, { memberId: body.data[0].id })).body;
    await this.ask('POST', `/v1/accounts/${id}/payment-methods`, { paymentMethod: 'pm_card_visa' }, key);
    return key;
  }

  private read(file: string): any {
    return JSON.parse(readFileSync(join(this.dataDir, file), 'utf8'));
  }
}
