/** Workflow histories as files: what a run has lived through, to be replayed against today's code (O3). */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';

/** In the sources, also when this runs compiled. */
export const HISTORIES_DIR = [join(__dirname, '..'), join(__dirname, '..', '..')]
  .filter((root) => existsSync(join(root, 'package.json')))
  .map((root) => join(root, 'test', 'histories'))[0]!;

/**
 * Saves the history of each run of a workflow, oldest first, as `<name>.<n>.json`; what is there stays. `name` begins
 * with the workflow's type. Returns the files' paths.
 */
export async function saveHistories(
  client: Client,
  workflowId: string,
  name: string,
  directory = HISTORIES_DIR,
): Promise<string[]> {
  mkdirSync(directory, { recursive: true });
  const files: string[] = [];
  for (const runId of await runsOf(client, workflowId)) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const file = join(directory, `${name}.${nextNumber(directory, name)}.json`);
    writeFileSync(file, `${historyToJSON(history)}\n`, { flag: 'wx' });
    files.push(file);
  }
  return files;
}

/** From the first run to the current one: each later one began where the one before continued as new. */
async function runsOf(client: Client, workflowId: string): Promise<string[]> {
  const runs = [(await client.workflow.getHandle(workflowId).describe()).runId];
  for (;;) {
    const { events } = await client.workflow.getHandle(workflowId, runs[0]).fetchHistory();
    const before = events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
    if (!before) return runs;
    runs.unshift(before);
  }
}

function nextNumber(directory: string, name: string): number {
  const numbers = readdirSync(directory)
    .filter((file) => file.startsWith(`${name}.`) && file.endsWith('.json'))
    .map((file) => Number(file.slice(name.length + 1, -'.json'.length)))
    .filter(Number.isInteger);
  return Math.max(0, ...numbers) + 1;
}
