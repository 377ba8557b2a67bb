/** Where the parts of a cluster lie and listen, and their passwords: chosen once, kept in the data directory. */
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, writePrivate } from '../files';
import { rememberedPort } from '../ports';
import { findPostgresPlace } from '../postgresPlace';

export const NODES = ['node1', 'node2', 'node3'] as const;
export type NodeName = (typeof NODES)[number];

const PORTS = [
  'etcd',
  'etcd-peer',
  ...NODES.flatMap((node) => [`${node}-postgres`, `${node}-patroni`] as const),
  'primary',
  'haproxy-status',
  ...(['frontend', 'matching', 'history', 'worker'] as const).flatMap(
    (service) => [`temporal-${service}`, `temporal-${service}-membership`] as const,
  ),
  'stripe',
  'api-1',
  'api-2',
] as const;
export type PortName = (typeof PORTS)[number];

export interface Passwords {
  superuser: string;
  replicator: string;
  ballast: string;
  temporal: string;
}

export interface Place {
  dataDir: string;
  /** Of the servers that do not run as root; who runs them may enter it. */
  serversDir: string;
  /** Empty unless we are root, as which neither Postgres nor Patroni may run. */
  user: { uid?: number; gid?: number };
  ports: Record<PortName, number>;
  passwords: Passwords;
}

/** @param dataDir locked by the caller */
export async function findPlace(dataDir: string): Promise<Place> {
  const { clusterDir, user } = await findPostgresPlace(dataDir);
  const ports: Partial<Record<PortName, number>> = {};
  // One after the other: each must know those that are taken.
  for (const name of PORTS) ports[name] = await rememberedPort(dataDir, name);
  const place = {
    dataDir,
    serversDir: clusterDir,
    user,
    ports: ports as Place['ports'],
    passwords: passwordsIn(dataDir),
  };
  privateFolder(place, clusterDir);
  return place;
}

function passwordsIn(dataDir: string): Passwords {
  const file = join(dataDir, 'passwords.json');
  const known = readJson<Passwords>(file);
  if (known) return known;
  const made = () => randomBytes(24).toString('hex');
  const passwords = { superuser: made(), replicator: made(), ballast: made(), temporal: made() };
  writePrivate(file, passwords);
  return passwords;
}

/** For the servers' user only. */
export function privateFolder({ user }: Pick<Place, 'user'>, folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
  return folder;
}

/** A file that the servers' user reads, and nobody else: it may hold passwords. */
export function privateFile({ user }: Pick<Place, 'user'>, file: string, text: string): string {
  writeFileSync(file, text, { mode: 0o600 });
  if (user.uid !== undefined && user.gid !== undefined) chownSync(file, user.uid, user.gid);
  return file;
}
