/** Starts the servers of a test run, once, and leaves their addresses in the environment of the tests. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestServices } from '../../dev/testServices';

declare global {
  var testServices: ChildProcess | undefined;
}

/** The compiled program, in a process of its own: it also stops everything when jest is killed. */
const program = join(__dirname, '..', '..', 'dist', 'dev', 'testServices.js');

export default async function globalSetup(): Promise<void> {
  if (!existsSync(program)) throw new Error('Nothing is compiled yet: run `npm test`, not jest by itself.');
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  globalThis.testServices = child;
  const services = await firstLine(child);
  process.env.TEST_PG_URL = services.postgresAdminUrl;
  process.env.TEST_TEMPORAL_ADDRESS = services.temporalAddress;
  process.env.TEST_TIME_SKIPPING_SERVER = services.timeSkippingServer;
}

function firstLine(child: ChildProcess): Promise<TestServices> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).once('line', (line) => resolve(JSON.parse(line) as TestServices));
    child.once('exit', (code) =>
      reject(new Error(`The servers for the tests did not start (exit code ${code}); the lines above say why.`)),
    );
  });
}
