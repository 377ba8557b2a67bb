/** Runs the compiled programs as child processes and keeps them running. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { sleep, type Log } from './commands';
import { startDaemon, tailOf } from './daemon';
import { recordProcess } from './leftovers';

/** Anything that was started and can be stopped: a program of ours, Postgres, Temporal. */
export interface Service {
  pid: number;
  exited: Promise<void>;
  stop(): Promise<void>;
}

export interface ProcessOptions {
  name: string;
  /** Below dist/. */
  script: string;
  args?: string[];
  env: NodeJS.ProcessEnv;
  dataDir: string;
  /** The start is over when a line like this comes. */
  readyLine?: RegExp;
  /** Given every line the program prints but the ready line, besides its log file. */
  onLine?: Log;
  log: Log;
}

export interface KeptRunning {
  current(): Service;
  stop(): Promise<void>;
}

const readyTimeoutMs = 120_000;
const stopTimeoutMs = 10_000;
const firstBackoffMs = 250;
const longestBackoffMs = 10_000;
const stableAfterMs = 30_000; // one that ran this long starts again at the first backoff

/** Starts a program; a death it was not asked for is followed by a new start. Throws when the first start fails. */
export function startProcess(options: ProcessOptions): Promise<KeptRunning> {
  return keepRunning(options.name, () => launch(options), options.log);
}

export async function keepRunning(name: string, start: () => Promise<Service>, log: Log): Promise<KeptRunning> {
  let service = await start();
  let stopping = false;
  const startAgain = async (): Promise<boolean> => {
    try {
      service = await start();
      return true;
    } catch (error) {
      log((error as Error).message);
      return false;
    }
  };
  const watch = async () => {
    let backoffMs = firstBackoffMs;
    while (!stopping) {
      const startedAt = Date.now();
      await service.exited;
      if (Date.now() - startedAt > stableAfterMs) backoffMs = firstBackoffMs;
      for (let up = false; !up && !stopping;) {
        log(`${name} has stopped; starting it again in ${backoffMs} ms`);
        await sleep(backoffMs);
        backoffMs = Math.min(backoffMs * 2, longestBackoffMs);
        up = stopping || (await startAgain());
      }
    }
  };
  void watch();
  const stop = () => {
    stopping = true;
    return service.stop();
  };
  return { current: () => service, stop };
}

async function launch({ name, script, args = [], env, dataDir, readyLine, onLine }: ProcessOptions): Promise<Service> {
  const logFile = join(dataDir, 'logs', `${name}.log`);
  const program = resolve(__dirname, '..', script);
  const daemon = await startDaemon({
    command: process.execPath,
    args: ['--enable-source-maps', program, ...args],
    env: { ...process.env, ...env },
    logFile,
    stopSignal: 'SIGTERM',
    stopTimeoutMs,
  });
  recordProcess(join(dataDir, 'run', `${name}.json`), daemon.pid);
  let ready = !readyLine;
  const unfollow = followLines(logFile, daemon.logOffset, (line) => {
    if (!ready && readyLine!.test(line)) ready = true;
    else onLine?.(line);
    if (ready && !onLine) unfollow();
  });
  void daemon.exited.then(unfollow);
  const deadline = Date.now() + readyTimeoutMs;
  while (!ready && daemon.isRunning() && Date.now() < deadline) await sleep(30);
  if (!ready) {
    await daemon.stop();
    // Whoever is given every line has seen them.
    throw new Error(`${name} did not start${onLine ? '' : `:\n${tailOf(daemon)}`}\n(its log: ${logFile})`);
  }
  return daemon;
}

/** Reads the lines a program appends to its log; the program itself writes to a file, so that it never blocks on us. */
function followLines(file: string, fromOffset: number, onLine: Log): () => void {
  const descriptor = openSync(file, 'r');
  let offset = fromOffset;
  let rest = '';
  const read = () => {
    const buffer = Buffer.alloc(Math.max(0, fstatSync(descriptor).size - offset));
    offset += readSync(descriptor, buffer, 0, buffer.length, offset);
    const lines = (rest + buffer.toString()).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  };
  const timer = setInterval(read, 30);
  let open = true;
  return () => {
    if (!open) return;
    open = false;
    clearInterval(timer);
    closeSync(descriptor);
  };
}
