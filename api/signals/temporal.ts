/** Asking workflows something while a caller waits: bounded, and an absent Temporal is a 503. */
import {
  isGrpcServiceError,
  ServiceError,
  WithStartWorkflowOperation,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import { ApplicationFailure, type UpdateDefinition } from '@temporalio/common';
import type { Pool } from 'pg';
import { unavailable } from '../../domain/errors';
import { raiseNews } from '../../ledger/accounts/raiseNews';
import { transaction } from '../../ledger/db';
import { balanceWorkflowId, type BalanceInput } from '../../workflows/messages';
import { START } from '../../workflows/startOptions';
import { withDeadline } from './withDeadline';

type Balance = (input: BalanceInput) => Promise<unknown>;

/** A workflow answers within 20 s; what takes longer has nobody to work on it. */
const ANSWER_MS_MAX = 25_000;
/** Whether Temporal is there at all is known much sooner: the client by itself tries again until the end. */
const REACH_MS_MAX = 2_000;

/**
 * Asks an account's workflow for a change, starting it when it does not run. One that does not answer has missed news: so
 * the relay looks at it, and begins it anew where it can't go on (O4). Throws `temporal_unavailable` (503).
 */
export async function updateBalance<Answer, Args extends unknown[]>(
  { pool, temporal: client }: { pool: Pool; temporal: Client },
  accountId: string,
  update: UpdateDefinition<Answer, Args>,
  ...args: Args
): Promise<Answer> {
  return reaching(client, ANSWER_MS_MAX, async () => {
    const startWorkflowOperation = new WithStartWorkflowOperation<Balance>('balance', {
      workflowId: balanceWorkflowId(accountId),
      ...START,
      args: [{ accountId }],
      workflowIdConflictPolicy: 'USE_EXISTING',
    });
    try {
      return await client.workflow.executeUpdateWithStart(update, { args, startWorkflowOperation });
    } catch (error) {
      // Whoever asks is told that there is no answer, also where Postgres is away, too.
      if (isTemporalOutage(error)) await transaction(pool, (tx) => raiseNews(tx, accountId)).catch(() => undefined);
      throw error;
    }
  });
}

/** Runs what needs Temporal; throws `temporal_unavailable` when it can't be reached or does not answer in time. */
export async function reaching<T>(client: Client, answerMsMax: number, work: () => Promise<T>): Promise<T> {
  try {
    await withDeadline(client, REACH_MS_MAX, () => client.workflowService.getSystemInfo({}));
    return await withDeadline(client, answerMsMax, work);
  } catch (error) {
    if (isTemporalOutage(error))
      throw unavailable('temporal_unavailable', 'The workflows do not answer now; ask again.');
    throw error;
  }
}

export const isTemporalOutage = (error: unknown): boolean =>
  error instanceof ServiceError ||
  error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
  isGrpcServiceError(error) ||
  isOfEndedRun(error);

/** The run that was asked has ended before it answered: it was terminated, or could not be replayed. The next one answers. */
const isOfEndedRun = (error: unknown): boolean =>
  error instanceof WorkflowUpdateFailedError &&
  error.cause instanceof ApplicationFailure &&
  error.cause.type === 'AcceptedUpdateCompletedWorkflow';
