/** Runs a tool to its end and gives back what it said; looks tools up on PATH. */
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export type Log = (line: string) => void;

export interface Outcome {
  /** null when a signal or the time limit ended it, or when it could not be started. */
  code: number | null;
  output: string;
}

export interface RunOptions {
  timeoutMs: number;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  uid?: number;
  gid?: number;
  /** Called with each line of output as it comes. */
  onLine?: Log;
}

/** Never throws: a tool that is missing is an outcome like any other. */
export function run(command: string, args: string[], options: RunOptions): Promise<Outcome> {
  const { timeoutMs, onLine, ...spawnOptions } = options;
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...spawnOptions, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let partLine = '';
    const take = (chunk: Buffer) => {
      output += chunk.toString();
      const lines = (partLine + chunk.toString()).split('\n');
      partLine = lines.pop() ?? '';
      lines.forEach((line) => onLine?.(line));
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const finish = (code: number | null) => {
      clearTimeout(timer);
      resolve({ code, output: output.trim() });
    };
    child.on('error', (error) => {
      output += error.message;
      finish(null);
    });
    child.on('close', finish);
  });
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

export function findOnPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
