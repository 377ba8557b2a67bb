/** Starts a server in a process group of its own, its output in a file, and stops it in order. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { dirname } from 'node:path';
import { stopProcess } from './leftovers';

export interface DaemonOptions {
  command: string;
  args: string[];
  /** A file, not a pipe: the server must survive the death of whoever started it, so that the next start can stop it in order. */
  logFile: string;
  stopSignal: NodeJS.Signals;
  /** After this long a server that was told to stop is killed. */
  stopTimeoutMs: number;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  uid?: number;
  gid?: number;
  /** A program of ours: called when it says that it is ready, by a message. */
  onReady?: () => void;
}

/** How a process ended: by itself with a code, or by a signal. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface Daemon {
  pid: number;
  /** Where its output goes: the file that was asked for, or nowhere if that can't be opened. */
  logFile: string;
  /** Where the lines of this start begin. */
  logOffset: number;
  /** Settles when the process is gone, whoever ended it. */
  exited: Promise<Exit>;
  isRunning(): boolean;
  /** @param graceMs when to kill what has not stopped by then. @default stopTimeoutMs */
  stop(graceMs?: number): Promise<void>;
}

const running: Daemon[] = [];

export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const log = openLogFile(options.logFile);
  const child = await spawned(options, log.descriptor).finally(() => closeSync(log.descriptor));
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const exited = isRunning()
    ? new Promise<Exit>((done) => child.on('exit', (code, signal) => done({ code, signal })))
    : Promise.resolve({ code: child.exitCode, signal: child.signalCode });
  const pid = child.pid!;
  const stop = async (graceMs = options.stopTimeoutMs) => {
    if (isRunning()) await stopProcess(pid, options.stopSignal, graceMs);
    await exited;
  };
  const daemon = { pid, logFile: log.file, logOffset: log.offset, exited, isRunning, stop };
  running.push(daemon);
  void exited.then(() => running.splice(running.indexOf(daemon), 1));
  return daemon;
}

/** Rejects when the command can't be started at all. */
function spawned({ command, args, onReady, env, cwd, uid, gid }: DaemonOptions, output: number): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env,
      cwd,
      uid,
      gid,
      // The terminal's Ctrl-C reaches the supervisor only, which stops everything in the right order.
      detached: true,
      stdio: ['ignore', output, output, ...(onReady ? (['ipc'] as const) : [])],
    });
    child.on('error', reject);
    child.on('message', (message) => message === 'ready' && onReady?.());
    child.on('spawn', () => resolve(child));
  });
}

/** A log that can't be opened (a full disk, no permission) is no reason for not running. */
function openLogFile(wanted: string): { file: string; descriptor: number; offset: number } {
  try {
    mkdirSync(dirname(wanted), { recursive: true });
    const descriptor = openSync(wanted, 'a', 0o600);
    return { file: wanted, descriptor, offset: fstatSync(descriptor).size };
  } catch {
    return { file: devNull, descriptor: openSync(devNull, 'a'), offset: 0 };
  }
}

/** Stops every daemon of this process, the last started first. */
export async function stopAllDaemons(): Promise<void> {
  for (let daemon = running.at(-1); daemon; daemon = running.at(-1)) await daemon.stop();
}

/** The end of what a server logged since this start, for the message that says why it did not come up. */
export function tailOf({ logFile, logOffset }: { logFile: string; logOffset: number }, lines = 15): string {
  const logged = readFileSync(logFile).subarray(logOffset).toString();
  return logged.trimEnd().split('\n').slice(-lines).join('\n');
}
