/** The campaign over the whole product in its short form: what was acknowledged stands, whatever was killed, cut or frozen. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const program = join(__dirname, '..', '..', 'dist', 'chaos', 'product', 'main.js');

test('three steps of operations and faults: every invariant holds after each, and nothing acknowledged is lost', async () => {
  const child = spawn(process.execPath, [program, '--seed', '7', '--faults', '3'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  const [code] = (await once(child, 'exit')) as [number];
  if (code !== 0) throw new Error(output);
  expect(output).toMatch(/^ +faults +[3-6]$/m);
  expect(output).toMatch(/^ +violations +0$/m);
}, 300_000);
