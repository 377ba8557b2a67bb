/** Deadlines of Temporal's calls: each call keeps its own, and none leaves anything switched on behind. */
import { Client, Connection } from '@temporalio/client';
import { withDeadline } from '../../api/signals/withDeadline';

/** Nobody listens there: a call ends by its deadline alone. */
const connection = Connection.lazy({ address: '127.0.0.1:9' });
const client = new Client({ connection });
afterAll(() => connection.close());

const ask = (): Promise<unknown> => client.workflowService.getSystemInfo({});
/** Node 20 says so; from 24 on an idle storage costs nothing and does not say. */
const isEnabled = (): boolean => (connection.callContextStorage as { enabled?: boolean }).enabled ?? false;

test('a call that ends does not take the deadline from one that is still under way', async () => {
  const slow = withDeadline(client, 400, async () => {
    await ask().catch(() => undefined);
    return connection.callContextStorage.getStore()?.deadline;
  });
  await expect(withDeadline(client, 50, ask)).rejects.toThrow(/DEADLINE_EXCEEDED|UNAVAILABLE/i);
  expect(await slow).toEqual(expect.any(Number));
});

test('once no call is under way, nothing follows the promises of the process', async () => {
  await withDeadline(client, 50, ask).catch(() => undefined);
  expect(isEnabled()).toBe(false);
  expect(connection.callContextStorage.getStore()).toBeUndefined();
});
