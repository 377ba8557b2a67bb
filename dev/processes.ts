/** Runs the compiled programs as child processes and keeps them running. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { sleep, type Log } from './commands';
import { startDaemon, tailOf, type Daemon } from './daemon';
import { keepRunning, type KeptRunning, type Service } from './keepRunning';
import { recordProcess } from './leftovers';

export interface ProcessOptions {
  name: string;
  /** Below dist/. */
  script: string;
  /** Options of Node. @default none */
  nodeArgs?: readonly string[];
  /** Asked at each start: addresses may have changed since the last. Secrets go here, never into arguments, which everybody on the machine can read. */
  env: () => NodeJS.ProcessEnv | Promise<NodeJS.ProcessEnv>;
  dataDir: string;
  /** Given every line the program prints, besides its log file. */
  onLine?: Log;
  /** Whether `env` names another port when the one of before is taken. @default true */
  choosesPort?: boolean;
  log: Log;
}

/**
 * For the API that takes usage and gates: what a request leaves behind is short-lived, and collecting it seldom, in a
 * young generation of 32 MB, takes a fifth less of its time. docker-compose.yml sets the same.
 */
export const API_NODE_ARGS = ['--min-semi-space-size=32', '--max-semi-space-size=32'] as const;

const readyTimeoutMs = 120_000;
const stopTimeoutMs = 10_000;

/** Starts a program of ours, which says by a message when it is ready, and keeps it running. Throws when the first start fails. */
export function startProcess(options: ProcessOptions): Promise<KeptRunning> {
  const { name, log, choosesPort } = options;
  return keepRunning(name, (signal) => launch(options, signal), log, { choosesPort });
}

async function launch(
  { name, script, nodeArgs = [], env, dataDir, onLine, log }: ProcessOptions,
  signal: AbortSignal,
): Promise<Service> {
  const logFile = join(dataDir, 'logs', `${name}.log`);
  let ready = false;
  const daemon = await startDaemon({
    command: process.execPath,
    args: ['--enable-source-maps', ...nodeArgs, resolve(__dirname, '..', script)],
    env: { ...process.env, ...(await env()) },
    logFile,
    stopSignal: 'SIGTERM',
    stopTimeoutMs,
    onReady: () => (ready = true),
  });
  recordProcess(join(dataDir, 'run', `${name}.json`), daemon.pid, log);
  if (onLine) void daemon.exited.then(followLines(daemon, onLine));
  const deadline = Date.now() + readyTimeoutMs;
  while (!ready && daemon.isRunning() && Date.now() < deadline && !signal.aborted) await sleep(30);
  if (ready && !signal.aborted) return daemon;
  await daemon.stop();
  // Whoever is given every line has seen them.
  throw new Error(`${name} did not start${onLine ? '' : `:\n${tailOf(daemon)}`}\n(its log: ${logFile})`);
}

/** Reads the lines a program appends to its log; the program itself writes to a file, so that it never blocks on us. */
function followLines({ logFile, logOffset }: Daemon, onLine: Log): () => void {
  const descriptor = openSync(logFile, 'r');
  let offset = logOffset;
  let rest = '';
  const read = () => {
    const buffer = Buffer.alloc(Math.max(0, fstatSync(descriptor).size - offset));
    offset += readSync(descriptor, buffer, 0, buffer.length, offset);
    const lines = (rest + buffer.toString()).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  };
  const timer = setInterval(read, 30);
  return () => {
    clearInterval(timer);
    read();
    closeSync(descriptor);
  };
}
