/** The data directory of `npm start`: its lock, its secrets, and what an earlier start left running. */
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Log } from './commands';
import { privateDirectory, readJson, writePrivate } from './files';
import { stopRecorded } from './leftovers';
import { takeLock } from './lock';

const stopTimeoutMs = 10_000;

export interface Secrets {
  adminKey: string;
  webhookSecret: string;
  linkSecret: string;
}

/** Makes the directory ours until this process ends, and nobody else's to read. Throws when another start has it. */
export function lockDataDir(path: string): { dataDir: string; release: () => void } {
  const dataDir = resolve(path);
  privateDirectory(dataDir);
  const busy = (pid: number) =>
    new Error(`Ballast already runs on ${dataDir} (process ${pid}). Stop it, or set DATA_DIR to another folder.`);
  const { release } = takeLock(join(dataDir, 'lock'), busy);
  for (const folder of ['run', 'logs']) privateDirectory(join(dataDir, folder));
  return { dataDir, release };
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

export const storedSecrets = (dataDir: string) => readJson<Partial<Secrets>>(secretsIn(dataDir));

/**
 * Made once. An admin key of the environment takes the place of ours, for good: in the database it revokes ours,
 * so a later start without one needs another.
 */
export function readSecrets(dataDir: string, adminKey: string | undefined): Secrets {
  const secret = (prefix: string) => `${prefix}_${randomBytes(24).toString('base64url')}`;
  const { adminKey: own = secret('admin'), ...stored } = storedSecrets(dataDir) ?? {};
  const others = { webhookSecret: secret('whsec'), linkSecret: secret('link'), ...stored };
  const kept = adminKey === undefined ? { adminKey: own, ...others } : others;
  if (!isDeepStrictEqual(kept, storedSecrets(dataDir))) writePrivate(secretsIn(dataDir), kept);
  return { adminKey: adminKey ?? own, ...others };
}
