/** What a campaign tells at its end: faults by kind, recovery by process, what was acknowledged, what is wrong. */
import { quantile } from '../../bench/results';
import type { Recovery } from './recovery';

/** In the order in which a step goes through them. */
export const PHASES = ['operations', 'recovery', 'healing', 'proof'] as const;
export type Phase = (typeof PHASES)[number];

export type Tally = {
  steps: number;
  /** Those that met what they were aimed at. */
  faults: Map<string, number>;
  /** Those that did not: they are no faults. */
  missed: Map<string, number>;
  /** The steps of usage and of a charge at which processes were killed, each once it was met. */
  moments: Map<string, number>;
  phasesMs: Map<Phase, number>;
  recoveries: Recovery[];
  operations: number;
  /** Steps whose news came only by reconciliation. */
  reconciled: number;
};

export const newTally = (): Tally => ({
  steps: 0,
  faults: new Map(),
  missed: new Map(),
  moments: new Map(),
  phasesMs: new Map(),
  recoveries: [],
  operations: 0,
  reconciled: 0,
});

export const addTo = <K>(counts: Map<K, number>, key: K, more: number): void =>
  void counts.set(key, (counts.get(key) ?? 0) + more);

export const totalOf = (counts: ReadonlyMap<unknown, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0);

/** What measures.md asks for. */
const RECOVERY_MS_MAX = 5_000;

export function reportOf(
  tally: Tally,
  acknowledged: Record<string, number>,
  facts: { seconds: number; violations: number },
): string {
  const counts = (rows: Iterable<readonly [string, number | string]>): string[][] =>
    [...rows].map(([name, count]) => [name, String(count)]);
  return [
    'faults',
    table(counts([...tally.faults].toSorted())),
    '',
    'not met, and not counted as faults',
    table(counts([...tally.missed].toSorted())),
    '',
    'steps of usage and of a charge at which a process was killed: before it was sent, when it was, before its answer',
    table(counts([...tally.moments].toSorted())),
    '',
    'recovery, seconds from the fault on',
    table([['', 'times', 'p50', 'worst', 'over 5 s'], ...recoveryRows(tally.recoveries)]),
    '',
    'acknowledged, or happened',
    table(counts(Object.entries(acknowledged))),
    '',
    'where the time of a step goes, seconds on average',
    table(counts([...tally.phasesMs].map(([phase, ms]) => [phase, (ms / 1_000 / tally.steps).toFixed(1)]))),
    '',
    table(
      counts([
        ['steps', tally.steps],
        ['faults', totalOf(tally.faults)],
        ['operations', tally.operations],
        ['steps that needed reconciliation', tally.reconciled],
        ['seconds', facts.seconds.toFixed(0)],
        ['violations', facts.violations],
      ]),
    ),
  ].join('\n');
}

/** Faults that end something; after the others all goes on at once. */
const ENDING = /^(kill|two faults|disk full|Temporal's data|primary)/;

function recoveryRows(recoveries: readonly Recovery[]): string[][] {
  const groups = new Map<string, number[]>();
  for (const { what, kind, ms } of recoveries) {
    const name = what.endsWith('runs again') ? what : `${what}, after: ${ENDING.test(kind) ? kind : 'any other fault'}`;
    groups.set(name, [...(groups.get(name) ?? []), ms]);
  }
  return [...groups].toSorted().map(([name, all]) => {
    const sorted = all.toSorted((one, other) => one - other);
    const seconds = (ms: number): string => (ms / 1_000).toFixed(1);
    const late = sorted.filter((ms) => ms > RECOVERY_MS_MAX).length;
    return [name, String(all.length), seconds(quantile(sorted, 0.5)), seconds(sorted.at(-1)!), String(late)];
  });
}

function table(rows: readonly string[][]): string {
  const widths = rows.reduce<number[]>((most, row) => row.map((cell, i) => Math.max(most[i] ?? 0, cell.length)), []);
  return rows
    .map(
      (row) => `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')}`,
    )
    .join('\n');
}
