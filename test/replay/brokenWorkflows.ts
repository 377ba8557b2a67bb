/** Deliberately broken: today's balance workflow with a timer before everything else, which no history has. */
import { sleep } from '@temporalio/workflow';
import { balance as intact } from '../../workflows/balance';
import type { BalanceInput } from '../../workflows/messages';

export async function balance(input: BalanceInput): Promise<void> {
  await sleep(1);
  await intact(input);
}
