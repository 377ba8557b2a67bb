/** What every start of a workflow says. For clients; not part of the bundle. */
import { BALANCE_TASK_QUEUE } from './messages';
import { WORKFLOW_TASK_TIMEOUT } from './timeouts';

export const START = { taskQueue: BALANCE_TASK_QUEUE, workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT } as const;
