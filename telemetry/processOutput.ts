/** What a process says, of which trace, and where both go. */
import { openOutput, type Output } from './log';
import type { Tracing } from './spans';
import { startTracing, traceFields, type TracingConfig } from './tracing';
import { readVersion } from './version';

/** `tracing`: undefined where the environment names no place to send traces to. */
export type ProcessOutput = Output & { tracing: Tracing | undefined };

/**
 * @param name which of Ballast's processes it is
 * @param secrets of the deployment, for none of them to be in a line
 * @param fieldsOf asked for with each line of the log: what it belongs to. @default the trace
 */
export async function openProcessOutput(
  name: string,
  config: TracingConfig & { LOG_LEVEL: string },
  secrets: readonly (string | undefined)[],
  fieldsOf: (tracing: Tracing | undefined) => () => object = traceFields,
): Promise<ProcessOutput> {
  const tracing = await startTracing(name, readVersion(), config);
  const { log, say } = openOutput(name, config.LOG_LEVEL, { fields: fieldsOf(tracing), secrets });
  tracing?.onFault((message) => log.warn({ message }, 'traces could not be sent'));
  return { log, say, tracing };
}
