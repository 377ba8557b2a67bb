/** What things cost, as `npm run bench` has measured them (bench/results.json): the simulation has no unit costs of its own. */
import { readFigures } from '../results';

export type Costs = {
  /** Seconds of processor time. */
  apiPerEvent: number;
  postgresPerEvent: number;
  /** For each account that a commit touches: a lock, a line, a position. */
  postgresPerAccount: number;
  /** Bytes. */
  workerPerAccount: number;
  apiPerAccount: number;
  /** A workflow that is not in the worker's memory: from its signal until it has folded it. */
  secondsPerWake: number;
};

/** The rates were measured on two cores that everything shares: so a rate says how much processor time an event has cost. */
const CORES = 2;
/** In requests of 1,000 events, whose accounts take turns: with 100 accounts a commit touches one for ten events, with 10,000 one for each. */
const FEW_ACCOUNTS_PER_EVENT = 0.1;
const ACCOUNTS_OF_FIGURE_16 = 100_000;

export function readCosts(): Costs {
  const figures = readFigures();
  const of = (figure: number | string): number => {
    const found = figures.find((one) => one.figure === figure);
    if (!found) throw new Error(`figure ${figure} is not in bench/results.json: npm run bench`);
    return found.value;
  };
  const [few, many] = [CORES / of('accounts100'), CORES / of('accounts10000')];
  const postgresPerAccount = (many - few) / (1 - FEW_ACCOUNTS_PER_EVENT);
  const perEvent = few - postgresPerAccount * FEW_ACCOUNTS_PER_EVENT;
  const apiPerEvent = of('cpuApi') / 1e6;
  return {
    apiPerEvent,
    postgresPerEvent: perEvent - apiPerEvent - of('cpuClient') / 1e6,
    postgresPerAccount,
    workerPerAccount: of(14) * 1_024,
    // The whole process, so at most this.
    apiPerAccount: (of('16memory') * 1e6) / ACCOUNTS_OF_FIGURE_16,
    secondsPerWake: of('14wakeReplayed') / 1_000,
  };
}
