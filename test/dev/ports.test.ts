/** Ports that are chosen before anybody listens there. */
import { freePort } from '../../dev/ports';
import { times } from '../support/times';

test('each caller in a process is given a port of its own, also before it listens there', async () => {
  const ports = await Promise.all(times(500, () => freePort()));
  expect(new Set(ports).size).toBe(500);
});
