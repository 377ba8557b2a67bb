/** Wakes an account's workflow with a signal, starting it where it does not run. For clients; not part of the bundle. */
import type { Client } from '@temporalio/client';
import type { SignalDefinition } from '@temporalio/common';
import { balanceWorkflowId, type BalanceInput } from './messages';
import { START } from './startOptions';

export async function wakeBalance<Args extends unknown[]>(
  client: Client,
  accountId: string,
  signal: SignalDefinition<Args>,
  ...signalArgs: Args
): Promise<void> {
  const input: BalanceInput = { accountId };
  await client.workflow.signalWithStart('balance', {
    workflowId: balanceWorkflowId(accountId),
    ...START,
    args: [input],
    signal: signal as SignalDefinition<unknown[]>,
    signalArgs,
  });
}
