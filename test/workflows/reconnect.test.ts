/** O4: when Temporal is back after a long outage, whoever has waited for it reaches it within seconds. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { connectionTo } from '../../workflows/startOptions';

/** So long that gRPC by itself would try again only some seconds after. */
const AWAY_MS = 32_000;
const BACK_MS_MAX = 2_500;

const server = createServer((inside) => {
  const [host, port] = process.env.TEST_TEMPORAL_ADDRESS!.split(':') as [string, string];
  const outside = connect(Number(port), host);
  inside.pipe(outside).pipe(inside);
  for (const [one, other] of [
    [inside, outside],
    [outside, inside],
  ] as const)
    one.on('error', () => undefined).on('close', () => other.destroy());
});

async function listen(port: number): Promise<Server> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

test('O4 a client that has waited for Temporal reaches it soon after it is back', async () => {
  const { port } = (await listen(0)).address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  const connection = Connection.lazy({ ...connectionTo(`127.0.0.1:${port}`), interceptors: [] });
  const isReached = (withinMs: number): Promise<boolean> =>
    connection
      .withDeadline(Date.now() + withinMs, () => connection.workflowService.getSystemInfo({}))
      .then(
        () => true,
        () => false,
      );
  try {
    for (const endMs = Date.now() + AWAY_MS; Date.now() < endMs; await sleep(100))
      expect(await isReached(500)).toBe(false);
    await listen(port);
    const backMs = performance.now();
    while (!(await isReached(500))) await sleep(50);
    expect(performance.now() - backMs).toBeLessThan(BACK_MS_MAX);
  } finally {
    await connection.close();
    await new Promise((closed) => server.close(closed));
  }
});
