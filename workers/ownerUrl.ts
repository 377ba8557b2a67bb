/** Which database a command of an operator works on, as the role that owns its tables. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../domain/config';

/** By environment; else the one that `npm start` runs in DATA_DIR. Throws when there is neither. */
export function ownerUrlOf({ MIGRATE_DATABASE_URL, DATABASE_URL, DATA_DIR }: Config): string {
  const given = MIGRATE_DATABASE_URL ?? DATABASE_URL;
  if (given !== undefined) return given;
  try {
    const { postgres } = JSON.parse(readFileSync(join(DATA_DIR, 'ports.json'), 'utf8')) as { postgres: number };
    const password = readFileSync(join(DATA_DIR, 'postgres-password'), 'utf8').trim();
    return `postgres://ballast:${password}@127.0.0.1:${postgres}/ballast`;
  } catch {
    throw new Error(`DATABASE_URL must be set: no \`npm start\` has its database in ${DATA_DIR}.`);
  }
}
