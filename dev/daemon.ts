/** Starts a server in a process group of its own, its output in a file, and stops it. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { stopProcess } from './leftovers';

export interface DaemonOptions {
  command: string;
  args: string[];
  /** A file, not a pipe: the server must survive the death of whoever started it, so that the next start can stop it in order. */
  logFile: string;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  uid?: number;
  gid?: number;
}

export interface Daemon {
  pid: number;
  /** Settles when the process is gone, whoever ended it. */
  exited: Promise<void>;
  isRunning(): boolean;
  stop(signal: NodeJS.Signals, graceMs: number): Promise<void>;
}

export function startDaemon({ logFile, command, args, ...options }: DaemonOptions): Promise<Daemon> {
  mkdirSync(dirname(logFile), { recursive: true });
  const output = openSync(logFile, 'a');
  return new Promise((resolve, reject) => {
    // Detached: the terminal's Ctrl-C reaches the supervisor only, which stops everything in the right order.
    const child = spawn(command, args, { ...options, detached: true, stdio: ['ignore', output, output] });
    closeSync(output);
    let running = true;
    const exited = new Promise<void>((done) => {
      child.on('exit', () => {
        running = false;
        done();
      });
    });
    child.on('error', reject);
    child.on('spawn', () => {
      const pid = child.pid!;
      const stop = async (signal: NodeJS.Signals, graceMs: number) => {
        if (running) await stopProcess(pid, signal, graceMs);
        await exited;
      };
      resolve({ pid, exited, isRunning: () => running, stop });
    });
  });
}

/** The end of a log file, for the message that says why a server did not start. */
export function tailOf(logFile: string, lines = 15): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}
