/** When to look: at once or soon, one look at a time, and never closer together than a pause. */
import type { Logger } from 'pino';

export type Looks = {
  /** Looks at once; while a look is under way, another one follows it. */
  now(): void;
  /** Looks as soon as the pause since the last look has passed. */
  soon(): void;
  /** Asks for no more, and resolves when the look under way has ended. */
  close(): Promise<void>;
};

/** A look that fails is logged, and followed by the next. @param pauseMs between the begin of one look and of the next that `soon` asks for */
export function createLooks({ look, pauseMs, log }: { look(): Promise<void>; pauseMs: number; log: Logger }): Looks {
  let looking: Promise<void> | null = null;
  let lookedMs = -Infinity;
  /** While one was under way, which may not have seen what it was asked for. */
  let isAskedAgain = false;
  let next: NodeJS.Timeout | null = null;

  function now(): void {
    if (next) clearTimeout(next);
    next = null;
    if (looking) return void (isAskedAgain = true);
    isAskedAgain = false;
    lookedMs = performance.now();
    looking = look()
      .catch((error: Error) => log.warn({ err: error }, 'watched accounts could not be read'))
      .finally(() => {
        looking = null;
        if (isAskedAgain) soon();
      });
  }

  function soon(): void {
    next ??= setTimeout(now, Math.max(0, lookedMs + pauseMs - performance.now()));
  }

  return {
    now,
    soon,
    async close() {
      if (next) clearTimeout(next);
      await looking;
    },
  };
}
