/** The stream of gates as text: what each event says, and the ids by which a client comes back. */
import { type GatePoint, markOf, toGatePoint } from '../../ledger/gates/gatePoint';
import type { GateCache } from './gateCache';
import { toGateJson, type KnownGate } from './gateTable';

export type GateEvents = {
  /** One change. With a point, its id says that all changes before it have been sent. */
  change(gate: KnownGate, point?: GatePoint | null): string;
  heartbeat(point?: GatePoint | null): string;
  /** Some of all gates, and nothing of how far they go. */
  snapshotPage(epoch: string, gates: readonly KnownGate[]): string;
  snapshotEnd(epoch: string, point: GatePoint | null): string;
};

const ID = /^(\d{1,19})\.([0-9a-f-]{1,60})$/;

export function createGateEvents(gates: GateCache, now: () => number): GateEvents {
  /** When the gates were last held against the database, and the time now: by one clock, so the difference is their age. */
  const toldNow = (): string => `"asOf":"${gates.asOf().text}","at":"${new Date(now()).toISOString()}"`;

  return {
    change: (gate, point) => `event: gate\n${toIdLine(point)}data: ${toGateJson(gate, gates.asOf())}\n\n`,
    heartbeat: (point) => `event: heartbeat\n${toIdLine(point)}data: {${toldNow()}}\n\n`,
    snapshotPage(epoch, page) {
      const all = page.map((gate) => toGateJson(gate, gates.asOf())).join(',');
      return `event: snapshot\ndata: {"epoch":"${epoch}","gates":[${all}]}\n\n`;
    },
    snapshotEnd: (epoch, point) =>
      `event: snapshot\n${toIdLine(point)}data: {"epoch":"${epoch}","gates":[],"done":true,${toldNow()}}\n\n`,
  };
}

const toIdLine = (point?: GatePoint | null): string => (point ? `id: ${markOf(point)}.${point.epoch}\n` : '');

/** The point that an event's id stands for; null for anything else. */
export function toPoint(id: string): GatePoint | null {
  const [, mark, epoch] = ID.exec(id) ?? [];
  return mark !== undefined && epoch !== undefined ? toGatePoint(mark, epoch) : null;
}
