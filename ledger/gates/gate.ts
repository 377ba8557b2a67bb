/** A gate as the columns of an account's row in `balances`. */
import type { GateState, Reason } from '../../domain/gate';
import type { GateFields } from '../accounts/position';

export type GateRow = {
  account_id: string;
  gate_state: GateState;
  gate_reasons: Reason[];
  gate_version: bigint;
  reload_due_at: Date | null;
};

export const GATE_COLUMNS = 'account_id, gate_state, gate_reasons, gate_version, reload_due_at';

export function toGateFields(row: GateRow): GateFields {
  return {
    accountId: row.account_id,
    gateState: row.gate_state,
    gateReasons: row.gate_reasons,
    gateVersion: Number(row.gate_version),
    reloadDueMs: row.reload_due_at?.getTime() ?? null,
  };
}
