/** What must stay flat: how it is judged, shown and drawn. */

/** Values of one thing over time, one per sample. */
export type Curve = {
  name: string;
  unit: string;
  values: number[];
  /** So much more may be there in the last quarter than in the second, whatever it is in proportion. */
  slack: number;
};

export type Verdict = { early: number; late: number; highest: number; isFlat: boolean };

/** Of what was there in the second quarter of the time; the first is for warming up. */
const GROWTH_MAX = 1.1;

/** Compares the medians of the second and the last quarter: a single peak is no growth. */
export function judge({ values, slack }: Curve): Verdict {
  const quarter = Math.floor(values.length / 4);
  const early = median(values.slice(quarter, 2 * quarter));
  const late = median(values.slice(-quarter));
  return { early, late, highest: Math.max(...values), isFlat: late <= Math.max(early * GROWTH_MAX, early + slack) };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

const WIDTH = 720;
const ROW = 64;
const NAME_WIDTH = 250;
const INK = { flat: '#0f5f6e', grown: '#a3261d', text: '#15212a', line: '#e0e5e7' };

/** A picture of all curves, one below the other, each from 0 to its highest. */
export function draw(curves: readonly Curve[], minutes: number): string {
  const rows = curves.map((curve, i) => row(curve, 30 + i * ROW));
  const height = 40 + curves.length * ROW;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${NAME_WIDTH + WIDTH + 20} ${height}" font-family="system-ui, sans-serif" font-size="13" fill="${INK.text}">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="10" y="18" font-weight="600">${minutes} minutes at a steady load</text>`,
    ...rows,
    '</svg>',
    '',
  ].join('\n');
}

function row(curve: Curve, top: number): string {
  const { late, highest, isFlat } = judge(curve);
  const room = ROW - 18;
  const points = curve.values.map((value, i) => {
    const x = NAME_WIDTH + (i / Math.max(1, curve.values.length - 1)) * WIDTH;
    return `${x.toFixed(1)},${(top + room - (highest > 0 ? value / highest : 0) * room).toFixed(1)}`;
  });
  return [
    `<text x="10" y="${top + 16}">${curve.name}</text>`,
    `<text x="10" y="${top + 34}" fill-opacity=".7">${shown(late)} ${curve.unit}, at most ${shown(highest)}</text>`,
    `<line x1="${NAME_WIDTH}" x2="${NAME_WIDTH + WIDTH}" y1="${top + room}" y2="${top + room}" stroke="${INK.line}"/>`,
    `<polyline fill="none" stroke="${isFlat ? INK.flat : INK.grown}" stroke-width="1.5" points="${points.join(' ')}"/>`,
  ].join('\n');
}

/** A line per curve, for people. */
export function table(curves: readonly Curve[]): string {
  const lines = curves.map((curve) => {
    const { early, late, highest, isFlat } = judge(curve);
    return [curve.name, shown(early), shown(late), shown(highest), curve.unit, isFlat ? 'flat' : 'GROWN'];
  });
  const all = [['', 'second quarter', 'last quarter', 'highest', '', ''], ...lines];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((line) => line[column]!.length)));
  const isNumber = (column: number): boolean => column >= 1 && column <= 3;
  return all
    .map((line) =>
      line
        .map((cell, column) => (isNumber(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const shown = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(1));
