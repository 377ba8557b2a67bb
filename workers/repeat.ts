/** Does something again and again until it is stopped: the loops of the worker process. */
import { setTimeout as sleep } from 'node:timers/promises';

export type Repeating = {
  /** Resolves when what is under way is done. */
  stop(): Promise<void>;
};

/** Waits `everyMs` after each `tick`, and goes on after one that fails. `stop` aborts the signal: a tick that takes long looks at it. */
export function repeat(
  tick: (signal: AbortSignal) => Promise<void>,
  everyMs: number,
  onError: (error: Error) => void,
): Repeating {
  const stopping = new AbortController();
  const { signal } = stopping;
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      await tick(signal).catch(onError);
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
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
