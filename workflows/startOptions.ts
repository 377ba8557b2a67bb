/** What every start of a workflow says, and how its client connects. For clients; not part of the bundle. */
import { BALANCE_TASK_QUEUE } from './messages';
import { WORKFLOW_TASK_TIMEOUT } from './timeouts';

export const START = { taskQueue: BALANCE_TASK_QUEUE, workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT } as const;

/** Of a history that may be read at once: Temporal ends runs beyond 50 MB. gRPC by itself refuses more than 4 MB. */
const RECEIVED_BYTES_MAX = 128 * 1_024 * 1_024;

/** However long Temporal was away, it is reached again within a second: by itself gRPC waits up to two minutes between tries. */
export const connectionTo = (address: string) => ({
  address,
  channelArgs: {
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 1_000,
    'grpc.max_receive_message_length': RECEIVED_BYTES_MAX,
  },
});
