/** Temporal's core in the tests: it tells errors only, and leaves signals to jest. */
import { DefaultLogger, Runtime } from '@temporalio/worker';

const options = { logger: new DefaultLogger('ERROR'), shutdownSignals: [] };

/** Once for each worker of jest: the core ends with the last connection, and comes again as it was installed. */
export function installQuietRuntime(): void {
  try {
    Runtime.install(options);
  } catch (error) {
    // An earlier test file of this worker has installed it, and still uses it.
    if ((error as Error).name !== 'IllegalStateError') throw error;
  }
}
