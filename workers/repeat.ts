/** Does something again and again until it is stopped: the loops of the worker process. */
import { setTimeout as sleep } from 'node:timers/promises';

export type Repeating = {
  /** Resolves when what is under way is done. */
  stop(): Promise<void>;
};

/**
 * Waits `everyMs` after each `tick`, or not at all where the tick returns that there is more, and goes on after one that
 * fails, `troubleMs` later. `stop` aborts the signal: a tick that takes long looks at it.
 */
export function repeat(
  tick: (signal: AbortSignal) => Promise<boolean | void>,
  everyMs: number,
  onError: (error: Error) => void,
  troubleMs = everyMs,
): Repeating {
  const stopping = new AbortController();
  const { signal } = stopping;
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      const pauseMs = await tick(signal).then(
        (more) => (more === true ? 0 : everyMs),
        (error: Error) => {
          onError(error);
          return troubleMs;
        },
      );
      if (pauseMs > 0) await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  };
  const finished = loop();
  return {
    async stop() {
      stopping.abort();
      await finished;
    },
  };
}
