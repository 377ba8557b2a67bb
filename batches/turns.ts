/** Long work in turns: a process that counts or parses for seconds still hears, answers and says that it is alive. */
import { setImmediate as afterOthers } from 'node:timers/promises';

export type Turns = {
  /** Whether the work has had the process to itself for long enough. Asked often, so it takes next to no time. */
  isOver(): boolean;
  /** Resolves when the others have had theirs. */
  next(): Promise<void>;
};

/** @param ms a turn's length */
export function createTurns(ms = 20): Turns {
  let since = performance.now();
  return {
    isOver: () => performance.now() - since >= ms,
    async next() {
      await afterOthers();
      since = performance.now();
    },
  };
}
