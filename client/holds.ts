/** Holds: money is held before a request runs, then settled with the real usage or released (B5). */
import { tellable } from './batch.js';
import { ApiError, BallastError, HoldEnded, NotFound, Unreachable, UnsentEvents } from './errors.js';
import { ask, type Connection } from './http.js';
import { pause, passes, waitMs } from './retry.js';
import type { HeldUsage, HoldRequest, OpenedHold, SettledHold, UsageEvent } from './wire.js';

/**
 * What became of the usage. `queued`: it went into the buffer of `report()`. The API could not be reached in time, then it
 * settles the hold when it arrives; or the hold is gone, then it is charged without it, or told to `onRejected`.
 */
export type Settled = SettledHold | { status: 'queued' };

/** Money held for one request. Exactly one of `settle` and `release` ends it; without either it expires. */
export type Hold = {
  readonly id: string;
  readonly accountId: string;
  /** What is held, in dollars. */
  readonly amount: string;
  readonly expiresAt: string;
  /**
   * Charges the real usage and gives the rest back; also after the hold has expired. Again with the same events: the same answer.
   * After another end, or when there is no such hold any more, the usage is queued without the hold: it has happened (B5).
   * Throws `EventsRejected` when an event can't be taken (nothing was posted, the hold stays), and `UnsentEvents` with the
   * usage when it would be queued and the buffer is full or the client closed.
   */
  settle(events: HeldUsage | HeldUsage[]): Promise<Settled>;
  /** Gives all of it back. Throws `HoldEnded` when it was settled. */
  release(): Promise<void>;
};

export type HoldsDeps = {
  connection: Connection;
  /** A request is repeated for so long while the API can't be reached. */
  patienceMs: number;
  report(event: UsageEvent): string;
  signal: AbortSignal;
};

export type Holds = {
  place(accountId: string, request: HoldRequest): Promise<Hold>;
  /** Resolves when every settlement and release that has begun has ended, well or not. */
  ended(): Promise<unknown>;
};

export function createHolds(deps: HoldsDeps): Holds {
  const { report, signal } = deps;
  const ending = new Set<Promise<unknown>>();

  /** Callers need not wait for it: who closes the client does. */
  function noted<T>(work: Promise<T>): Promise<T> {
    const end = (): void => void ending.delete(work);
    ending.add(work);
    work.then(end, end);
    return work;
  }

  function queue(events: UsageEvent[], cause: BallastError): Settled {
    try {
      events.forEach(report);
      return { status: 'queued' };
    } catch (error) {
      throw error instanceof BallastError ? new UnsentEvents(events, cause) : error;
    }
  }

  async function place(accountId: string, request: HoldRequest): Promise<Hold> {
    if (signal.aborted) throw new BallastError('closed', 'The client is closed: nothing was held.');
    const account = `/v1/accounts/${encodeURIComponent(accountId)}/holds`;
    const opened = (await insist(deps, account, JSON.stringify(request), {
      'Idempotency-Key': crypto.randomUUID(),
    })) as OpenedHold | null;
    if (typeof opened?.id !== 'string') throw notTheApi(account);
    const { id, amount, expiresAt } = opened;
    const path = `${account}/${encodeURIComponent(id)}`;

    async function settle(given: HeldUsage | HeldUsage[]): Promise<Settled> {
      const events = (Array.isArray(given) ? given : [given]).map((event, index) => named(event, `${id}/${index}`));
      try {
        const settled = (await insist(deps, `${path}/settle`, JSON.stringify({ events }))) as SettledHold | null;
        if (settled?.status !== 'settled') throw notTheApi(`${path}/settle`);
        return settled;
      } catch (error) {
        if (!(error instanceof BallastError)) throw error;
        const isGone = error instanceof HoldEnded || error instanceof NotFound;
        if (isAnswer(error) && !isGone) throw error;
        return queue(
          events.map((event) => ({ ...event, accountId, ...(!isGone && { holdId: id }) })),
          error,
        );
      }
    }

    return {
      id,
      accountId,
      amount,
      expiresAt,
      settle: (events) => noted(settle(events)),
      release: () => noted(insist(deps, `${path}/release`, undefined).then(() => undefined)),
    };
  }

  return { place, ended: () => Promise.allSettled(ending) };
}

/** The same request, until it has an answer or patience ends; on a dead connection there is time for another. Each can be repeated without harm. */
async function insist(
  { connection, patienceMs, signal }: HoldsDeps,
  path: string,
  body: string | undefined,
  headers: Record<string, string> = {},
): Promise<unknown> {
  const untilMs = performance.now() + patienceMs;
  for (let failures = 0; ; failures++) {
    const leftMs = Math.max(1, untilMs - performance.now());
    const asked = { method: 'POST' as const, path, headers, signal, ...(body !== undefined && { body }) };
    try {
      return await ask(
        { ...connection, timeoutMs: Math.ceil(Math.min(connection.timeoutMs, patienceMs / 2, leftMs)) },
        asked,
      );
    } catch (error) {
      const wait = waitMs(failures, error as BallastError);
      if (!passes(error) || signal.aborted || performance.now() + wait >= untilMs) throw error;
      await pause(wait, signal);
    }
  }
}

/** A 2xx with something else in it, such as a login page's: as good as no answer. */
const notTheApi = (path: string): Unreachable =>
  new Unreachable(`POST ${path}`, new Error("the answer is not the API's"));

/** Named after the hold and its place there: settled again, by whichever way, it is charged once. */
const named = ({ id, at = new Date().toISOString(), ...rest }: HeldUsage, usualId: string) =>
  tellable({ id: id ?? usualId, at, ...rest });

/** Ballast has decided about this usage. A key or address that is wrong now is mended by people: the usage waits for that in the buffer. */
const isAnswer = (error: BallastError): boolean =>
  error instanceof ApiError && error.isBallasts && !passes(error) && error.status !== 401 && error.status !== 403;
