/** What a worker's lines of log belong to: the activity that writes them, its workflow, and the trace. */
import { asyncLocalStorage } from '@temporalio/activity';
import type { Tracing } from '../telemetry/spans';
import { traceFields } from '../telemetry/tracing';

/** A workflow's id names its account, such as `balance/<account>`. */
export function workFields(tracing: Tracing | undefined): () => object {
  const traced = traceFields(tracing);
  return () => {
    const info = asyncLocalStorage.getStore()?.info;
    return {
      ...(info && { workflow: info.workflowExecution?.workflowId, activity: info.activityType, attempt: info.attempt }),
      ...traced(),
    };
  };
}
