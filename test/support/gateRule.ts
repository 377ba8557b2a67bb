/** The gate's rule once more, in words of its own: tests compare the database's with it (S1, S4). */
import { reasonsOf, type GateState, type SetReason } from '../../domain/gate';
import type { Nano } from '../../domain/money';

export type GateFacts = {
  available: Nano;
  /** The gate says `low` at or below this. */
  lowLevel: Nano;
  reasons: readonly SetReason[];
  /** When the reload in flight acts next, in epoch milliseconds; null when none is in flight. */
  reloadDueMs: number | null;
};

/** What `ledger/functions/derive_position.sql` must say. */
export function gateState(facts: GateFacts): GateState {
  if (reasonsOf(facts.available, facts.reasons).length > 0) return 'suspended';
  if (facts.reloadDueMs !== null) return 'reloading';
  return facts.available <= facts.lowLevel ? 'low' : 'ok';
}
