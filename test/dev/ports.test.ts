/** Ports that are chosen before anybody listens there. */
import { freePort } from '../../dev/ports';

test('each caller in a process is given a port of its own, also before it listens there', async () => {
  const ports = new Set<number>();
  for (let nth = 0; nth < 500; nth++) ports.add(await freePort());
  expect(ports.size).toBe(500);
});
