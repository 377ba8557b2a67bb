/** The data directory of `npm start`: its lock, its secrets, and what an earlier start left running. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Log } from './commands';
import { describeProcess, readRunning, stopRecorded } from './leftovers';

const stopTimeoutMs = 10_000;

export interface Secrets {
  adminKey: string;
  webhookSecret: string;
  linkSecret: string;
}

/** Makes the directory ours until this process ends. Throws when another start has it. */
export function lockDataDir(path: string): { dataDir: string; release: () => void } {
  const dataDir = resolve(path);
  mkdirSync(join(dataDir, 'run'), { recursive: true });
  const lock = join(dataDir, 'lock.json');
  const claim = () => writeFileSync(lock, JSON.stringify(describeProcess(process.pid)), { flag: 'wx' });
  try {
    claim();
  } catch {
    const holder = readRunning(lock);
    if (holder)
      throw new Error(
        `Ballast already runs on ${dataDir} (process ${holder.pid}). Stop it, or set DATA_DIR to another folder.`,
      );
    rmSync(lock, { force: true });
    claim();
  }
  return { dataDir, release: () => rmSync(lock, { force: true }) };
}

/** Stops the programs of a start that was killed: they hold the ports, and two workers are not what was asked for. */
export async function stopLeftovers(dataDir: string, log: Log): Promise<void> {
  const run = join(dataDir, 'run');
  const stopOne = async (file: string) => {
    if (await stopRecorded(join(run, file), 'SIGTERM', stopTimeoutMs))
      log(`stopped ${file.replace('.json', '')}, left running by an earlier start`);
  };
  await Promise.all(readdirSync(run).map(stopOne));
}

const secretsIn = (dataDir: string) => join(dataDir, 'secrets.json');

export function storedSecrets(dataDir: string): Secrets | null {
  try {
    return JSON.parse(readFileSync(secretsIn(dataDir), 'utf8')) as Secrets;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Made once, readable by this user only. */
export function readSecrets(dataDir: string): Secrets {
  const stored = storedSecrets(dataDir);
  const secret = (prefix: string) => `${prefix}_${randomBytes(24).toString('base64url')}`;
  // An earlier version may have kept fewer of them.
  const secrets = { adminKey: secret('admin'), webhookSecret: secret('whsec'), linkSecret: secret('link'), ...stored };
  if (stored?.linkSecret === undefined) writePrivate(secretsIn(dataDir), secrets);
  return secrets;
}

export function writePrivate(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
}
