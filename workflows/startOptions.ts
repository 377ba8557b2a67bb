/** What every start of a workflow says, and how its client connects. For clients; not part of the bundle. */
import { BALANCE_TASK_QUEUE } from './messages';
import { WORKFLOW_TASK_TIMEOUT } from './timeouts';

export const START = { taskQueue: BALANCE_TASK_QUEUE, workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT } as const;

/** However long Temporal was away, it is reached again within a second: by itself gRPC waits up to two minutes between tries. */
export const connectionTo = (address: string) => ({
  address,
  channelArgs: { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 1_000 },
});
