/** Long work in turns: a process that counts or parses for seconds still hears, answers and says that it is alive. */
import type { Pace } from './pace';
import { setImmediate as afterOthers } from 'node:timers/promises';

export type Turns = {
  /** Whether the work has had the process to itself for long enough. Asked often, so it takes next to no time. */
  isOver(): boolean;
  /** Resolves when the others have had theirs. */
  next(): Promise<void>;
};

const TURN_MS = 20;
/** While gates are asked: the core is given back before anybody has waited for long. */
const SLOW_TURN_MS = 1;

export function createTurns(pace: Pace): Turns {
  let since = performance.now();
  return {
    isOver: () => performance.now() - since >= (pace.isSlow() ? SLOW_TURN_MS : TURN_MS),
    async next() {
      await afterOthers();
      await pace.next('count');
      since = performance.now();
    },
  };
}
