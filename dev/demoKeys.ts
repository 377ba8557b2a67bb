/** The keys of the demo accounts, kept in the data directory for the next start and for `npm run trace`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivate } from './files';

export interface DemoKeys {
  serviceKey: string;
  /** Owner keys by account id. */
  owners: Record<string, string>;
}

const fileIn = (dataDir: string) => join(dataDir, 'demo-keys.json');

export function readDemoKeys(dataDir: string): DemoKeys | null {
  try {
    return JSON.parse(readFileSync(fileIn(dataDir), 'utf8')) as DemoKeys;
  } catch {
    return null;
  }
}

export function writeDemoKeys(dataDir: string, keys: DemoKeys): void {
  writePrivate(fileIn(dataDir), keys);
}
