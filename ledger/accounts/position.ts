/** An account's position as the database keeps it: money, watermark, and the gate derived from them. */
import { subtract, type Nano } from '../../domain/money';
import { retryAfterSeconds, type Gate, type GateState, type Reason, type SetReason } from '../../domain/gate';

export type Position = {
  accountId: string;
  balance: Nano;
  held: Nano;
  available: Nano;
  /** The last ledger line's number. */
  sequence: number;
  /** Grows with each change of balance or held. */
  watermark: number;
  setReasons: SetReason[];
  gateState: GateState;
  gateReasons: Reason[];
  gateVersion: number;
  /** When the reload in flight acts next; null when none is. */
  reloadDueMs: number | null;
  /** The workflow has something to fold that it has not folded yet. */
  wake: boolean;
};

export type PositionRow = {
  account_id: string;
  balance_nano: bigint;
  held_nano: bigint;
  sequence: bigint;
  watermark: bigint;
  set_reasons: SetReason[];
  gate_state: GateState;
  gate_reasons: Reason[];
  gate_version: bigint;
  reload_due_at: Date | null;
  wake: boolean;
};

/** The columns of `balances` that make a position, for a `select` or `returning`. */
export const POSITION_COLUMNS =
  'account_id, balance_nano, held_nano, sequence, watermark, set_reasons, gate_state, gate_reasons, gate_version, reload_due_at, wake';

export function toPosition(row: PositionRow): Position {
  const balance = row.balance_nano as Nano;
  const held = row.held_nano as Nano;
  return {
    accountId: row.account_id,
    balance,
    held,
    available: subtract(balance, held),
    sequence: Number(row.sequence),
    watermark: Number(row.watermark),
    setReasons: row.set_reasons,
    gateState: row.gate_state,
    gateReasons: row.gate_reasons,
    gateVersion: Number(row.gate_version),
    reloadDueMs: row.reload_due_at?.getTime() ?? null,
    wake: row.wake,
  };
}

/** What gates tell: the account's answer as of now. */
export type GateFields = Pick<Position, 'accountId' | 'gateState' | 'gateReasons' | 'gateVersion' | 'reloadDueMs'>;

/** What usage has moved, as far as gates and signals need it. */
export type MovedPosition = GateFields & Pick<Position, 'available' | 'watermark' | 'wake'>;

export function toGate(position: GateFields, asOfMs: number): Gate {
  const retryAfter = retryAfterSeconds(position.gateReasons, position.reloadDueMs, asOfMs);
  return {
    accountId: position.accountId,
    allowed: position.gateState !== 'suspended',
    state: position.gateState,
    reasons: position.gateReasons,
    ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter }),
    version: position.gateVersion,
    asOf: new Date(asOfMs).toISOString(),
  };
}
