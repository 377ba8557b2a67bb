/** Stops the servers of a test run and waits until they are gone. */
import { once } from 'node:events';

export default async function globalTeardown(): Promise<void> {
  const child = globalThis.testServices;
  if (!child || child.exitCode !== null) return;
  const gone = once(child, 'exit');
  child.stdin?.end();
  await gone;
}
