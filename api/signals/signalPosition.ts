/** After a commit of this process: its gate answers by it at once, and the workflow is told of a crossing (S5). */
import type { MovedPosition } from '../../ledger/accounts/position';
import type { GateCache } from '../gate/gateCache';
import type { Signals } from './signals';

export type Signalled = { gates: Pick<GateCache, 'learn'>; signals: Pick<Signals, 'moved'> };

export function signalPosition(position: MovedPosition, { gates, signals }: Signalled): void {
  gates.learn(position);
  signals.moved(position);
}
