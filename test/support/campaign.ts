/** Runs a campaign as people do: as a program of its own. */
import { spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

type Name = 'product' | 'batches';
type Ended = { code: number | null; output: string };

const CHAOS = join(__dirname, '..', '..', 'chaos');

/** Returns what it has printed. @throws all of that when it ends with anything but 0 */
export async function runCampaign(name: Name, ...args: string[]): Promise<string> {
  const { code, output } = await startCampaign(name, args).ended;
  if (code !== 0) throw new Error(output);
  return output;
}

/** @param options with `detached` it is in a process group of its own, which can be interrupted */
export function startCampaign(
  name: Name,
  args: readonly string[],
  options: SpawnOptions = {},
): { ended: Promise<Ended>; interrupt: () => void } {
  const child = spawn(process.execPath, [join(CHAOS, name, 'main.js'), ...args], {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (output += data.toString()));
  const ended = once(child, 'exit').then(([code]) => ({ code: code as number | null, output }));
  return { ended, interrupt: () => void process.kill(-child.pid!, 'SIGINT') };
}
