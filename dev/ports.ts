/** Free ports of 127.0.0.1, remembered in the data directory so that addresses outlive a restart. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

/** The port that could be bound, or null. Port 0 asks for any. */
function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => {
      const bound = (server.address() as AddressInfo).port;
      server.close(() => resolve(bound));
    });
  });
}

export async function isPortFree(port: number): Promise<boolean> {
  return (await tryPort(port)) !== null;
}

export async function freePort(): Promise<number> {
  const port = await tryPort(0);
  if (port === null) throw new Error('No free port on 127.0.0.1.');
  return port;
}

type Ports = Record<string, number>;

function readPorts(file: string): Ports {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Ports;
  } catch {
    return {};
  }
}

/** The port this service had last time if it is still free, else `preferred` if that is, else any; remembered under `name`. */
export async function rememberedPort(dataDir: string, name: string, preferred?: number): Promise<number> {
  const file = join(dataDir, 'ports.json');
  const candidates = [readPorts(file)[name], preferred].filter((port) => port !== undefined);
  let chosen: number | undefined;
  for (const port of candidates) {
    if (await isPortFree(port)) {
      chosen = port;
      break;
    }
  }
  chosen ??= await freePort();
  writeFileSync(file, `${JSON.stringify({ ...readPorts(file), [name]: chosen }, null, 2)}\n`);
  return chosen;
}

/** Where a service of this data directory listens, or listened last; null when it never ran. */
export function rememberedAddress(dataDir: string, name: string): string | null {
  const port = readPorts(join(dataDir, 'ports.json'))[name];
  return port === undefined ? null : `127.0.0.1:${port}`;
}
