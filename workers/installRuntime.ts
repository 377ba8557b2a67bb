/** Temporal's runtime in a worker process: all that it has to say, its native core too, goes to our log; signals are ours. */
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { FailedRuns } from './failedRuns';

/** Before anything of Temporal's worker is made. Without `forward` its core would write lines of its own to standard output. */
export function installRuntime(log: Logger, failed?: FailedRuns): void {
  Runtime.install({
    shutdownSignals: [],
    telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } },
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      log[level === 'ERROR' ? 'error' : 'warn'](meta ?? {}, message);
      failed?.hear({ message, meta });
    }),
  });
}
