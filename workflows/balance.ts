/** The balance workflow: one per account, until the account is closed. It decides; Postgres keeps the money. */
import { allHandlersFinished, makeContinueAsNewFunc, workflowInfo } from '@temporalio/workflow';
import type { AccountState } from '../domain/accountState';
import { decide } from '../domain/decide';
import { POSTED_EVENTS_MAX } from '../domain/reportedEvents';
import { unread } from './accountState';
import { Acting } from './acting';
import { Answers } from './answers';
import { listen } from './listen';
import type { BalanceInput } from './messages';
import { News } from './news';
import { WORKFLOW_TASK_TIMEOUT } from './timeouts';

export async function balance({ accountId, carried, replaces }: BalanceInput): Promise<void> {
  const state = carried ?? unread(accountId);
  const news = new News();
  const answers = new Answers(state, news);
  const acting = new Acting(accountId, state, news, answers);
  listen(state, news, answers);
  if (replaces !== undefined) await acting.takeOver(replaces);
  for (;;) {
    if (mayContinueAsNew(state)) await goOn({ accountId, carried: state });
    const decision = decide(state, Date.now());
    if (decision.kind === 'end' && allHandlersFinished()) return;
    await acting.carryOut(decision);
  }
}

/** Only between decisions, when nothing is under way, nobody waits for an answer, and what is carried on fits into a message. */
const mayContinueAsNew = ({ charging, requests, reported = [] }: AccountState): boolean =>
  workflowInfo().continueAsNewSuggested &&
  !charging &&
  requests.length === 0 &&
  reported.length < POSTED_EVENTS_MAX &&
  allHandlersFinished();

/** Says the timeout of tasks again: a run would keep that of the release which has started the workflow. */
const goOn = (input: BalanceInput): Promise<never> =>
  makeContinueAsNewFunc<typeof balance>({ workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT })(input);
