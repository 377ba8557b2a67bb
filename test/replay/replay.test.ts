/** O3: what earlier runs have lived through replays against today's workflows; a change that breaks it fails here. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { installQuietRuntime } from '../support/temporalRuntime';

installQuietRuntime();

const directory = join(__dirname, '..', 'histories');
const workflowBundle = { codePath: join(__dirname, '..', '..', 'dist', 'workflows.bundle.js') };
const files = readdirSync(directory).filter((name) => name.endsWith('.json'));
const historyOf = (file: string): unknown => JSON.parse(readFileSync(join(directory, file), 'utf8'));

test.each([
  'balance.plain-reload',
  'balance.backup-card',
  'balance.three-strikes',
  'balance.suspension-and-return',
  'balance.continue-as-new',
  'balance.edited-settings',
  'batch.completed',
  'batch.cancelled',
  'batch.expired',
  'batch.failed',
  'webhook.delivered',
  'limit-request.approved',
  'limit-request.denied',
])('O3 there is a history of %s', (scenario) => expect(files).toContain(`${scenario}.1.json`));

test.each(files)('O3 %s replays', async (file) => {
  await Worker.runReplayHistory({ workflowBundle }, historyOf(file));
});

test('O3 a workflow that acts in another order than its history fails the replay', async () => {
  const broken = await bundleWorkflowCode({
    workflowsPath: join(__dirname, 'brokenWorkflows.ts'),
    logger: new DefaultLogger('ERROR'),
  });
  await expect(
    Worker.runReplayHistory({ workflowBundle: broken }, historyOf('balance.plain-reload.1.json')),
  ).rejects.toThrow(/[Nn]ondetermin/);
});
