/** The campaign against batches in its short form: what is killed and frozen loses no money, quota or line. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const program = join(__dirname, '..', '..', 'dist', 'chaos', 'batches', 'main.js');

test('L3, L4 thirty jobs ended at random while processes are killed and frozen: nothing is held, bills are exact', async () => {
  const child = spawn(process.execPath, [program, '--jobs', '30', '--seed', '1126'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  const [code] = (await once(child, 'exit')) as [number];
  if (code !== 0) throw new Error(output);
  expect(output).toMatch(/^held at the end +\$0\.000000000$/m);
  expect(output).toMatch(/^reserved tokens at the end +0$/m);
}, 300_000);
