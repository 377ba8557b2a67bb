/** Free ports of 127.0.0.1, remembered in the data directory so that addresses outlive a restart. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { readJson, writePrivate } from './files';

export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Below the ports that Linux gives to outgoing connections (32768–60999): a connection of another program never takes one of ours while its owner restarts. */
const LOWEST = 20_000;
const HIGHEST = 32_767;
const isLasting = (port: number): boolean => port < 32_768 || port > 60_999;
const TRIES_MAX = 200;

/** What this process was given: whoever asked may not listen there yet. */
const given = new Set<number>();

/** A free port that outgoing connections don't take, none of `taken`, and another one at each call. */
export async function freePort(taken: readonly number[] = []): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const port = randomInt(LOWEST, HIGHEST + 1);
    if (taken.includes(port) || given.has(port)) continue;
    given.add(port);
    if (await isPortFree(port)) return port;
  }
  throw new Error(`No free port on 127.0.0.1 was found from ${LOWEST} to ${HIGHEST}.`);
}

type Ports = Record<string, number>;

const fileIn = (dataDir: string) => join(dataDir, 'ports.json');

function readPorts(dataDir: string): Ports {
  try {
    return readJson<Ports>(fileIn(dataDir)) ?? {};
  } catch {
    return {};
  }
}

/** The port this service had last time if it is still free, else `preferred` if that is, else any; remembered under `name`. */
export async function rememberedPort(dataDir: string, name: string, preferred?: number): Promise<number> {
  const last = readPorts(dataDir)[name];
  const candidates = [last !== undefined && isLasting(last) ? last : undefined, preferred];
  for (const port of candidates)
    if (port !== undefined && (await isPortFree(port))) return remember(dataDir, name, port);
  return remember(dataDir, name, await freePort(Object.values(readPorts(dataDir))));
}

/** On a full disk the port is used all the same; only a later start does not know it. */
function remember(dataDir: string, name: string, port: number): number {
  const ports = readPorts(dataDir);
  try {
    if (ports[name] !== port) writePrivate(fileIn(dataDir), { ...ports, [name]: port });
  } catch {
    // As above.
  }
  return port;
}

/** Where a service of this data directory listens, or listened last; null when it never ran. */
export function rememberedAddress(dataDir: string, name: string): string | null {
  const port = readPorts(dataDir)[name];
  return port === undefined ? null : `127.0.0.1:${port}`;
}
