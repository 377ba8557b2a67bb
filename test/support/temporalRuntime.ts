/** Temporal's core in the tests: it prints errors only, tells failed runs as in a worker, and leaves signals to jest. */
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { FailedRuns } from '../../workers/failedRuns';

/** Of all tests of this process: there is one core. */
export const failedRuns = new FailedRuns();

const errors = new DefaultLogger('ERROR');
const options = {
  logger: new DefaultLogger('WARN', (entry) => {
    errors.log(entry.level, entry.message, entry.meta);
    failedRuns.hear(entry);
  }),
  telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } },
  shutdownSignals: [],
} as const;

/** Once for each worker of jest: the core ends with the last connection, and comes again as it was installed. */
export function installQuietRuntime(): void {
  try {
    Runtime.install({ ...options, shutdownSignals: [] });
  } catch (error) {
    // An earlier test file of this worker has installed it, and still uses it.
    if ((error as Error).name !== 'IllegalStateError') throw error;
  }
}
