/** O2: two releases of the workflows side by side: which worker carries a workflow on is the operator's choice (docs/operations.md, Upgrades). */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { versionedBy } from '../../workers/createWorker';
import { until } from '../support/notices';
import { installQuietRuntime } from '../support/temporalRuntime';

installQuietRuntime();

const address = process.env.TEST_TEMPORAL_ADDRESS!;
const taskQueue = `versions-${randomUUID()}`;
let connection: Connection;
let native: NativeConnection;
let client: Client;
beforeAll(async () => {
  [connection, native] = await Promise.all([Connection.connect({ address }), NativeConnection.connect({ address })]);
  client = new Client({ connection });
});
afterAll(() => Promise.all([connection.close(), native.close()]));

type Release = { worker: Worker; done: Promise<void> };

async function start(release: 'older' | 'newer'): Promise<Release> {
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: join(__dirname, 'versions', `${release}.ts`),
    logger: new DefaultLogger('ERROR'),
  });
  const worker = await Worker.create({
    connection: native,
    taskQueue,
    workflowBundle,
    ...versionedBy(release, taskQueue),
  });
  return { worker, done: worker.run() };
}

/** What `temporal worker deployment set-current-version` does; refused until its worker has asked for work. */
async function setCurrent(buildId: string): Promise<void> {
  const current = { namespace: 'default', deploymentName: taskQueue, buildId, identity: 'test' };
  await until(
    () =>
      connection.workflowService.setWorkerDeploymentCurrentVersion(current).then(
        () => true,
        () => false,
      ),
    Boolean,
    30_000,
  );
}

const begin = () => client.workflow.start('greeting', { taskQueue, workflowId: randomUUID() });

test('O2 workflows stay with the current release, also new ones, and go on with the next when it is made current', async () => {
  const [older, newer] = await Promise.all([start('older'), start('newer')]);
  await setCurrent('older');
  const [one, two] = await Promise.all([begin(), begin()]);
  await one.signal('go');
  expect(await one.result()).toBe('as before');
  // The second waits in the middle of its run while the release changes under it.
  await until(
    async () => (await two.describe()).historyLength,
    (events) => events >= 4,
  );
  await setCurrent('newer');
  older.worker.shutdown();
  await older.done;
  await two.signal('go');
  expect(await two.result()).toBe('after a moment');
  newer.worker.shutdown();
  await newer.done;
});
