/** Keeps a service running: a death it was not asked for is followed by a new start. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './commands';
import type { Exit } from './daemon';

/** Anything that was started and can be stopped: a program of ours, Postgres, Temporal. */
export interface Service {
  pid: number;
  exited: Promise<Exit>;
  /** @param graceMs when to kill what has not stopped by then */
  stop(graceMs?: number): Promise<void>;
}

export interface KeptRunning {
  current(): Service;
  /** Ends it, or its start that is under way, so that it starts again with what is so by now. */
  restart(): void;
  stop(): Promise<void>;
}

const FIRST_TRIES_MAX = 3;
const PORT_TAKEN = /address already in use|EADDRINUSE|could not bind/i;
const PAUSE_MS_FIRST = 250;
const PAUSE_MS_MAX = 5_000;
/** One that ends by itself before this has hardly served: it may well do so again. */
const SOON_MS = 10_000;
/** Who is up again within this has its death and its new start told in one line. */
const ONE_LINE_MS_MAX = 5_000;
/** One that is restarted waits for a server that is not there any more: what it had under way can't end well. */
const RESTART_GRACE_MS = 2_000;
/** What people and other programs send; the other signals are a program's own faults. */
const SENT_SIGNALS = new Set<NodeJS.Signals | null>(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']);

/**
 * How long to wait before a service that has ended is started again. Who was killed, or had served for a while, starts at
 * once; who ends by itself soon after its start waits longer each time, up to 5 s.
 * @param before the pause before its last start
 */
export function pauseMs(exit: Exit, servedMs: number, before: number): number {
  if (SENT_SIGNALS.has(exit.signal) || servedMs >= SOON_MS) return 0;
  return longer(before);
}

const longer = (pause: number): number => Math.min(Math.max(2 * pause, PAUSE_MS_FIRST), PAUSE_MS_MAX);

export type KeepRunningOptions = {
  /** Whether each start chooses a port anew when it meets one that is taken. @default true */
  choosesPort?: boolean | undefined;
};

/** Throws when the first start fails. @param start is given a signal that aborts when what it starts is to be given up */
export async function keepRunning(
  name: string,
  start: (signal: AbortSignal) => Promise<Service>,
  log: Log,
  { choosesPort = true }: KeepRunningOptions = {},
): Promise<KeptRunning> {
  let starting = new AbortController();
  const begin = () => start(starting.signal);
  let service = await (choosesPort ? firstStart(begin, log) : begin());
  let wanted = false;
  const stopping = new AbortController();

  const startAgain = async (pause: number, news: News): Promise<number> => {
    for (let wait = pause; ; wait = longer(wait)) {
      if (wait > 0) await sleep(wait, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return wait;
      try {
        starting = new AbortController();
        service = await begin();
        news.isUp();
        return wait;
      } catch (error) {
        if (stopping.signal.aborted) return wait;
        if (starting.signal.aborted) wait = 0;
        else news.hasFailed(error as Error);
      }
    }
  };

  const watch = async (): Promise<void> => {
    for (let pause = 0; ;) {
      const upAt = Date.now();
      const exit = await service.exited;
      if (stopping.signal.aborted) return;
      pause = wanted ? 0 : pauseMs(exit, Date.now() - upAt, pause);
      const news = tellNews(name, wanted ? null : exit, log);
      pause = await startAgain(pause, news);
      news.end();
      wanted = false;
    }
  };
  void watch();

  return {
    current: () => service,
    restart() {
      wanted = true;
      starting.abort();
      void service.stop(RESTART_GRACE_MS);
    },
    stop() {
      stopping.abort();
      return service.stop();
    },
  };
}

type News = { hasFailed(error: Error): void; isUp(): void; end(): void };

/** One line, if all is well soon; else what has happened is told when that is known. @param exit null: it was asked for */
function tellNews(name: string, exit: Exit | null, log: Log): News {
  const endedMs = performance.now();
  let isTold = exit === null;
  const tellEnd = () => {
    if (!isTold) log(`${name} has stopped (${describe(exit!)}); starting it again`);
    isTold = true;
  };
  const timer = setTimeout(tellEnd, ONE_LINE_MS_MAX);
  return {
    hasFailed(error) {
      tellEnd();
      log(error.message);
    },
    isUp() {
      const seconds = ((performance.now() - endedMs) / 1_000).toFixed(1);
      log(
        isTold ? `${name} is up again` : `${name} has stopped (${describe(exit!)}) and is up again after ${seconds} s`,
      );
    },
    end: () => clearTimeout(timer),
  };
}

/** A port that was free when it was chosen may be taken by the time it is used, such as by another `npm start`: then it is chosen anew. */
async function firstStart(start: () => Promise<Service>, log: Log): Promise<Service> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await start();
    } catch (error) {
      const { message } = error as Error;
      if (tries === FIRST_TRIES_MAX || !PORT_TAKEN.test(message)) throw error;
      log('a port was taken in the meantime; trying another');
    }
  }
}

const describe = ({ code, signal }: Exit): string => (signal ? signal : `exit code ${code}`);
