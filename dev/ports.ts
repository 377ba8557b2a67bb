/** Free ports, of 127.0.0.1 unless another host is named, remembered in the data directory so that addresses outlive a restart. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { readJson, writePrivate } from './files';

const LOOPBACK = '127.0.0.1';

/** Why no server can listen at this port of the host; null: one can. */
export function listenError(port: number, host = LOOPBACK): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen(port, host, () => server.close(() => resolve(null)));
  });
}

export const isPortFree = async (port: number, host = LOOPBACK): Promise<boolean> =>
  (await listenError(port, host)) === null;

/** Below the ports that Linux gives to outgoing connections (32768–60999): a connection of another program never takes one of ours while its owner restarts. */
const LOWEST = 20_000;
const HIGHEST = 32_767;
const isLasting = (port: number): boolean => port < 32_768 || port > 60_999;
const TRIES_MAX = 200;

/** What this process was given: whoever asked may not listen there yet. */
const given = new Set<number>();

/** A free port that outgoing connections don't take, none of `taken`, and another one at each call. */
export async function freePort(taken: readonly number[] = [], host = LOOPBACK): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const port = randomInt(LOWEST, HIGHEST + 1);
    if (taken.includes(port) || given.has(port)) continue;
    given.add(port);
    if (await isPortFree(port, host)) return port;
  }
  throw new Error(`No free port on ${host} was found from ${LOWEST} to ${HIGHEST}.`);
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

type PortWishes = { preferred?: number; host?: string };

/** The port this service had last time if it is still free, else `preferred` if that is, else any; remembered under `name`. */
export async function rememberedPort(
  dataDir: string,
  name: string,
  { preferred, host = LOOPBACK }: PortWishes = {},
): Promise<number> {
  const last = readPorts(dataDir)[name];
  const candidates = [last !== undefined && isLasting(last) ? last : undefined, preferred];
  for (const port of candidates)
    if (port !== undefined && (await isPortFree(port, host))) return remember(dataDir, name, port);
  return remember(dataDir, name, await freePort(Object.values(readPorts(dataDir)), host));
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
  return port === undefined ? null : `${LOOPBACK}:${port}`;
}
