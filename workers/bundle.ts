/** Bundles the workflows for `createWorker`, as a step of the build: a worker then starts without bundling. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const dist = join(__dirname, '..');
const bundle = join(dist, 'workflows.bundle.js');
const stamp = `${bundle}.sha256`;

/** What the bundle is made of: the compiled workflows and domain, the SDK's version, and this program. */
function contentHash(): string {
  const hash = createHash('sha256')
    .update(readFileSync(require.resolve('@temporalio/workflow/package.json')))
    .update(readFileSync(__filename));
  for (const folder of ['workflows', 'domain']) {
    for (const file of readdirSync(join(dist, folder)).sort()) {
      if (file.endsWith('.js')) hash.update(file).update(readFileSync(join(dist, folder, file)));
    }
  }
  return hash.digest('hex');
}

async function main(): Promise<void> {
  const hash = contentHash();
  if (existsSync(bundle) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  const workflowsPath = require.resolve('../workflows');
  // All workflows share one copy of their code; each had its own, a third of what it took of the heap. So modules keep nothing between calls.
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    workflowInterceptorModules: [require.resolve('../workflows/carryTrace')],
    preloadModules: [workflowsPath],
    logger: new DefaultLogger('WARN'),
  });
  writeFileSync(bundle, code);
  writeFileSync(stamp, hash);
}

void main();
