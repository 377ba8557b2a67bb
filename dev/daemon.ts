/** Starts a server in a process group of its own, its output in a file, and stops it in order. */
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync } from 'node:fs';
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
}

export interface Daemon {
  pid: number;
  logFile: string;
  /** Where the lines of this start begin. */
  logOffset: number;
  /** Settles when the process is gone, whoever ended it. */
  exited: Promise<void>;
  isRunning(): boolean;
  stop(): Promise<void>;
}

const running: Daemon[] = [];

export function startDaemon({
  command,
  args,
  logFile,
  stopSignal,
  stopTimeoutMs,
  ...options
}: DaemonOptions): Promise<Daemon> {
  mkdirSync(dirname(logFile), { recursive: true });
  const output = openSync(logFile, 'a');
  const logOffset = fstatSync(output).size;
  return new Promise((resolve, reject) => {
    // Detached: the terminal's Ctrl-C reaches the supervisor only, which stops everything in the right order.
    const child = spawn(command, args, { ...options, detached: true, stdio: ['ignore', output, output] });
    closeSync(output);
    child.on('error', reject);
    const exited = new Promise<void>((done) => child.on('exit', () => done()));
    child.on('spawn', () => {
      const pid = child.pid!;
      const isRunning = () => child.exitCode === null && child.signalCode === null;
      const stop = async () => {
        if (isRunning()) await stopProcess(pid, stopSignal, stopTimeoutMs);
        await exited;
      };
      const daemon = { pid, logFile, logOffset, exited, isRunning, stop };
      running.push(daemon);
      void exited.then(() => running.splice(running.indexOf(daemon), 1));
      resolve(daemon);
    });
  });
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
