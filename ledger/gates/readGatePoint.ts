/** Reads the point in the database's history from which a feed of gates reads on. */
import type { Db } from '../db';
import { type GatePoint, GATE_POINT } from './gatePoint';

export async function readGatePoint(db: Db): Promise<GatePoint> {
  const { rows } = await db.query<GatePoint>({ name: 'read-gate-point', text: GATE_POINT });
  return rows[0]!;
}
