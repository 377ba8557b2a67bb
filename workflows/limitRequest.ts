/** A limit request from being asked to being decided (L6): admins are told at once and reminded, until the decision. */
import { condition, continueAsNew, proxyActivities, setHandler } from '@temporalio/workflow';
import type { Activities } from '../activities';
import { LEDGER } from './timeouts';
import { limitRequestDecidedSignal, type LimitRequestInput } from './messages';

/** Reminders go on until somebody decides: a run ends after so many, so that its history stays short. */
const TURNS_MAX = 50;

/** Postgres has the request and its decision: a workflow that was lost starts again from there. */
export async function limitRequest({ requestId }: LimitRequestInput): Promise<void> {
  const { advanceLimitRequest } = proxyActivities<Activities>(LEDGER);
  let decided = false;
  setHandler(limitRequestDecidedSignal, () => void (decided = true));

  for (let turns = 1; ; turns++) {
    decided = false;
    const advanced = await advanceLimitRequest({ requestId, nowMs: Date.now() });
    if (advanced.kind === 'ended') return;
    await condition(() => decided, Math.max(1, advanced.untilMs - Date.now()));
    if (turns >= TURNS_MAX && !decided) await continueAsNew<typeof limitRequest>({ requestId });
  }
}
