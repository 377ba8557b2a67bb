/** Figure 11 at a low rate: how the history of an account's workflow grows while its usage crosses nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { createApi } from '../dev/apiClient';
import { balanceWorkflowId, refreshSignal } from '../workflows/messages';
import { wakeBalance } from '../workflows/wake';
import type { MeasuredBallast } from './ballast';
import { summarize, type Figure } from './results';
import { makeEvents, prepareUsage } from './usage';

const PER_SECOND = 100;
const EVENTS_PER_REQUEST = 10;
/** The API tells a workflow of usage that crosses nothing at most so often. */
const QUIET_SECONDS = 60;
/** What a signal at the very end leads to. */
const SETTLE_MS = 2_000;

/**
 * 100 events a second to one account with money to spare. A workflow hears of them when they begin and then each minute,
 * so a run counts the events of every minute it has begun: with its growth for a million of them, a short run tells the same as a long one.
 */
export async function quietHistory(ballast: MeasuredBallast, seconds: number): Promise<Figure[]> {
  const { serviceKey, accountIds, pool } = await prepareUsage(ballast, 1);
  await pool.end();
  const accountId = accountIds[0]!;
  const connection = await Connection.connect({ address: ballast.temporalAddress });
  const client = new Client({ connection });
  const length = async (): Promise<number> =>
    (await client.workflow.getHandle(balanceWorkflowId(accountId)).describe()).historyLength;
  await wakeBalance(client, accountId, refreshSignal); // its start is not of the usage
  await sleep(SETTLE_MS);

  const reporter = createApi(ballast.url, serviceKey);
  const before = await length();
  const startMs = performance.now();
  for (let sent = 0; sent < seconds * PER_SECOND; sent += EVENTS_PER_REQUEST) {
    await sleep(Math.max(0, startMs + (sent * 1_000) / PER_SECOND - performance.now()));
    await reporter.request('POST', '/v1/usage', { body: { events: makeEvents(EVENTS_PER_REQUEST, [accountId]) } });
  }
  await sleep(SETTLE_MS);
  const grown = (await length()) - before;
  await connection.close();
  const counted = Math.ceil(seconds / QUIET_SECONDS) * QUIET_SECONDS * PER_SECOND;
  return [
    summarize('11slow', `history events of an account per million usage events, at ${PER_SECOND} events/s`, 'events', [
      (grown * 1_000_000) / counted,
    ]),
  ];
}
