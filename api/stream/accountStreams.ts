/**
 * Single accounts as Server-Sent Events, for the console (C3): the account's state at once and at each change, and which of
 * its lists have grown. However many streams there are, all watched accounts are looked at together: one small
 * query that answers with what has changed, and nothing when nobody watches.
 */
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Pool } from 'pg';
import { readChangedAccounts } from '../../ledger/accounts/readChangedAccounts';
import { noAnswer } from '../http/pulse';
import { within } from '../http/within';
import { createLooks } from './looks';
import { createTopicWatch, TOPICS_LOOK_MS } from './topicWatch';
import { toAccountEvent } from './accountEvent';
import { createWatchers, send } from './watchers';

export type AccountStreams = {
  /** Throws `too_many_requests` when this process, or the account, has as many as it can. */
  admit(accountId: string): void;
  /** Sends until the client goes, falls behind, or is not welcome any more. */
  open(response: ServerResponse, accountId: string, isWelcome: () => Promise<boolean>): void;
  /** Ends all streams. */
  close(): Promise<void>;
};

export type AccountStreamsOptions = {
  pool: Pool;
  log: Logger;
  now(): number;
  /** @default 15_000 */
  heartbeatMs?: number;
};

/**
 * What is committed, by whatever process, is seen by the next look: an owner sees it within a quarter of a second (figure
 * 21). To look at once at what this process itself commits would ask Postgres up to five times as often.
 */
const LOOK_MS = 200;
/** Whoever comes to an account that nobody watched waits for a look of its own, which serves all who have come meanwhile. */
const FIRST_LOOK_MS = 40;
const LOOK_MS_MAX = 2_000;
/** Whoever has lost the right to watch is not told any more after this time. */
const WELCOME_MS = 500;
const HEARTBEAT_MS = 15_000;

export function createAccountStreams(options: AccountStreamsOptions): AccountStreams {
  const { pool, log, now, heartbeatMs = HEARTBEAT_MS } = options;
  const watchers = createWatchers();
  const { watched } = watchers;
  const topics = createTopicWatch(pool, {
    watched,
    onWatching(accountId) {
      const account = watched.get(accountId);
      if (!account || account.isWatching) return;
      account.isWatching = true;
      watchers.tell(accountId, WATCHING);
    },
    onChanged: (accountId, changed) => watchers.tell(accountId, toEvent('changed', { topics: changed })),
  });
  const looks = createLooks({ look, pauseMs: FIRST_LOOK_MS, log });
  /** Those to be looked at next; null: all of them. */
  let due: Set<string> | null = new Set();

  async function look(): Promise<void> {
    const ids = [...(due ?? watched.keys())];
    due = new Set();
    const accounts = ids.flatMap((id) => (watched.has(id) ? [{ id, seen: watched.get(id)!.seen }] : []));
    if (accounts.length === 0) return;
    const changed = await within(LOOK_MS_MAX, readChangedAccounts(pool, accounts), noAnswer);
    for (const { view, seen } of changed) {
      const account = watched.get(view.id);
      if (!account) continue;
      account.seen = seen;
      account.event = toEvent('account', toAccountEvent(view, now()));
      watchers.tell(view.id, account.event);
      // Gates come between any two writes.
      await nextTurn();
    }
  }

  function lookAtAll(): void {
    due = null;
    looks.now();
  }

  function lookSoonAt(accountId: string): void {
    due?.add(accountId);
    looks.soon();
  }

  const timers = [
    setInterval(lookAtAll, LOOK_MS),
    setInterval(topics.lookOn, TOPICS_LOOK_MS),
    setInterval(() => void watchers.checkWelcome(), WELCOME_MS),
    setInterval(() => void watchers.tellAll(toEvent('heartbeat', { at: new Date(now()).toISOString() })), heartbeatMs),
  ];
  timers.forEach((timer) => timer.unref());

  return {
    admit: watchers.admit,
    open(response, accountId, isWelcome) {
      const stream = { response, isWelcome };
      const account = watchers.add(accountId, stream);
      send(stream, 'retry: 1000\n\n');
      // Where others watch already, what they were told last is at most a look old.
      if (account.event !== null) send(stream, account.event);
      else lookSoonAt(accountId);
      if (account.isWatching) send(stream, WATCHING);
    },
    async close() {
      timers.forEach((timer) => clearInterval(timer));
      watchers.endAll();
      await looks.close();
      await topics.idle();
    },
  };
}

const toEvent = (name: 'account' | 'watching' | 'changed' | 'heartbeat', data: object): string =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
/** What was read of the account's lists before this may be older than any change that is told. */
const WATCHING = toEvent('watching', {});
