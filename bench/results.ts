/** What was measured: shown to people, and kept in bench/results.json for programs, one entry per figure. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';

/** `figure` is its number in docs/performance.md; value is the median of the runs. */
export type Figure = {
  figure: number | string;
  name: string;
  value: number;
  unit: string;
  runs: number;
  min: number;
  max: number;
};

const FILE = [join(__dirname, '..'), join(__dirname, '..', '..')]
  .filter((root) => existsSync(join(root, 'package.json')))
  .map((root) => join(root, 'bench', 'results.json'))[0]!;

export function summarize(figure: Figure['figure'], name: string, unit: string, values: readonly number[]): Figure {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    figure,
    name,
    value: quantile(sorted, 0.5),
    unit,
    runs: sorted.length,
    min: sorted[0]!,
    max: sorted.at(-1)!,
  };
}

/** Of ascending values, by the nearest rank. */
export const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;

export function show({ figure, name, value, unit, runs, min, max }: Figure): void {
  console.log(`figure ${figure}: ${name}: ${round(value)} ${unit} (median of ${runs}; ${round(min)} to ${round(max)})`);
}

export const readFigures = (): Figure[] =>
  existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as { figures: Figure[] }).figures : [];

/** Puts the figures in the place of earlier ones of the same number. */
export function keep(figures: readonly Figure[]): void {
  const others = readFigures().filter(({ figure }) => !figures.some((newer) => newer.figure === figure));
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
  const all = [...others, ...figures].sort((a, b) =>
    String(a.figure).localeCompare(String(b.figure), 'en', { numeric: true }),
  );
  writeFileSync(FILE, `${JSON.stringify({ machine, figures: all }, null, 2)}\n`);
}

const round = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
