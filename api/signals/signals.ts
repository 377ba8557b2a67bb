/** Tells workflows what has changed: crossings at once, the rest now and then, never more than one at a time per account. */
import type { Client } from '@temporalio/client';
import type { SignalDefinition } from '@temporalio/common';
import type { Logger } from 'pino';
import { formatMoney } from '../../domain/money';
import type { MovedPosition } from '../../ledger/accounts/position';
import { usageSignal } from '../../workflows/messages';
import { wakeBalance } from '../../workflows/wake';
import { withDeadline } from './withDeadline';

export type Signals = {
  /** A position was committed. A crossing is signalled at once, other changes at most once a minute per account. */
  moved(position: MovedPosition): void;
  /** Something else was committed that the workflow should look at. */
  tell(accountId: string, signal: SignalDefinition): void;
  /** How many signals are on their way to Temporal. */
  outstanding(): number;
  /** Sends nothing more; resolves when what is outstanding was sent or has failed. */
  close(): Promise<void>;
};

/** So often at most is an account signalled whose usage crosses nothing. */
const QUIET_MS = 60_000;
/** And so many of those are sent by a process in a second: each costs Temporal and the worker some 30 ms of CPU time, and nothing depends on it. */
const QUIET_BUDGET_PER_SECOND = 2;
/** A workflow that has not folded a crossing yet is told again, after a pause that doubles: a run bears 10,000 signals. */
const PAUSE_MS = 200;
const PAUSE_MS_MAX = 30_000;
/** Temporal answers in milliseconds, or is away: a relay signals again whoever was not told. */
const SIGNAL_MS_MAX = 2_000;

/** What is under way for one account: a signal that is out, or the pause after it. */
type Lane = { newest: MovedPosition | null; pauseMs: number; timer: NodeJS.Timeout | null };

/** Told of each signal: whether Temporal took it, and after how many seconds. */
export type OnSignalled = (taken: boolean, seconds: number) => void;

/** Sends one signal to one account's workflow, and knows which are on their way. */
function createSender(client: Client, log: Logger, onSignalled: OnSignalled) {
  const sending = new Set<Promise<void>>();
  function send<Args extends unknown[]>(
    accountId: string,
    signal: SignalDefinition<Args>,
    ...args: Args
  ): Promise<void> {
    const startedMs = performance.now();
    const note = (taken: boolean): void => onSignalled(taken, (performance.now() - startedMs) / 1_000);
    const sent = withDeadline(client, SIGNAL_MS_MAX, () => wakeBalance(client, accountId, signal, ...args))
      .then(() => note(true))
      .catch((error: Error) => {
        note(false);
        log.debug({ err: error, account: accountId }, 'a workflow could not be signalled');
      })
      .finally(() => sending.delete(sent));
    sending.add(sent);
    return sent;
  }
  return { send, sending };
}

/** Failures are only logged: what a workflow must know is in Postgres, and the relay signals again. */
export function createSignals(
  client: Client,
  log: Logger,
  now: () => number,
  onSignalled: OnSignalled = () => {},
): Signals {
  const lanes = new Map<string, Lane>();
  const quietMs = new Map<string, number>();
  const { send, sending } = createSender(client, log, onSignalled);
  let budget = { secondStartedMs: -Infinity, left: 0 };
  let closed = false;

  /** The newest watermark wins: while the lane is busy, later ones are folded into the next. */
  async function run(accountId: string, lane: Lane): Promise<void> {
    const { newest } = lane;
    lane.timer = null;
    lane.newest = null;
    if (!newest || closed) return void lanes.delete(accountId);
    await send(accountId, usageSignal, { watermark: newest.watermark, available: formatMoney(newest.available) });
    if (lanes.get(accountId) !== lane) return;
    lane.pauseMs = Math.min(Math.max(PAUSE_MS, lane.pauseMs * 2), PAUSE_MS_MAX);
    lane.timer = setTimeout(() => void run(accountId, lane), lane.pauseMs).unref();
  }

  function crossed(position: MovedPosition): void {
    const busy = lanes.get(position.accountId);
    if (!busy) {
      const lane: Lane = { newest: position, pauseMs: 0, timer: null };
      lanes.set(position.accountId, lane);
      void run(position.accountId, lane);
    } else if (!busy.newest || busy.newest.watermark < position.watermark) busy.newest = position;
  }

  /** The workflow has folded what there was: the next crossing finds the lane free. */
  function folded(accountId: string): void {
    const lane = lanes.get(accountId);
    if (lane?.timer) clearTimeout(lane.timer);
    lanes.delete(accountId);
  }

  function withinBudget(accountId: string, atMs: number): boolean {
    if (atMs - (quietMs.get(accountId) ?? -Infinity) < QUIET_MS) return false;
    if (atMs - budget.secondStartedMs >= 1_000) budget = { secondStartedMs: atMs, left: QUIET_BUDGET_PER_SECOND };
    if (budget.left === 0) return false;
    budget.left -= 1;
    return true;
  }

  return {
    moved(position) {
      const { accountId, watermark, available } = position;
      if (position.wake) return crossed(position);
      folded(accountId);
      const atMs = now();
      if (!withinBudget(accountId, atMs)) return;
      quietMs.set(accountId, atMs);
      void send(accountId, usageSignal, { watermark, available: formatMoney(available) });
    },
    outstanding: () => sending.size,
    tell: (accountId, signal) => void send(accountId, signal),
    async close() {
      closed = true;
      for (const accountId of [...lanes.keys()]) folded(accountId);
      while (sending.size > 0) await Promise.allSettled(sending);
    },
  };
}
