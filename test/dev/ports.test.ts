/** Ports that are chosen before anybody listens there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePort, isPortFree } from '../../dev/ports';
import { dist } from '../support/paths';

test('each caller in a process is given a port of its own, also before it listens there', async () => {
  const ports = new Set<number>();
  for (let nth = 0; nth < 500; nth++) ports.add(await freePort());
  expect(ports.size).toBe(500);
});

// Only Linux has all of 127.0.0.0/8 as addresses of its own.
(process.platform === 'linux' ? test : test.skip)(
  'a port that another interface has taken is not free for who listens on all of them, and npm start says so',
  async () => {
    const port = await freePort();
    const other = createServer().listen(port, '127.0.0.2');
    await once(other, 'listening');
    const dataDir = mkdtempSync(join(tmpdir(), 'ballast-port-'));
    try {
      expect([await isPortFree(port), await isPortFree(port, '0.0.0.0')]).toEqual([true, false]);
      const env = { PATH: process.env.PATH, DATA_DIR: dataDir, HOST: '0.0.0.0', PORT: String(port), DEMO: '0' };
      const child = spawn(process.execPath, [join(dist, 'dev', 'start.js')], { env });
      const [said, complained] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
      expect(said + complained).toBe(`Port ${port} is in use. Set PORT to another one (0: any).\n`);
      expect(child.exitCode).toBe(1);
    } finally {
      other.close();
      rmSync(dataDir, { recursive: true, force: true });
    }
  },
);
