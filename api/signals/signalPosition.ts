/** After a commit of this process: its gate answers by it at once, and the workflow is told of a crossing (S5). */
import type { MovedPosition } from '../../ledger/accounts/position';
import type { Services } from '../services';

export function signalPosition(position: MovedPosition, { gates, signals }: Pick<Services, 'gates' | 'signals'>): void {
  gates.learn(position);
  signals.moved(position);
}
