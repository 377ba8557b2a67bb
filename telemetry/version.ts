/** Which release this is: the version in package.json, which lies above the sources and above what is built of them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export function readVersion(): string {
  const file = ['..', '../..'].map((up) => join(__dirname, up, 'package.json')).find((path) => existsSync(path));
  return file ? (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version : 'unknown';
}
