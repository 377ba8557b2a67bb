/** What every chart has: its measured width, a scale of dollars with lines, and a name for screen readers; its figures are in a table or list beside it. */
import type { ReactNode } from 'react';
import styles from './Chart.module.css';
import { linear, roundValues } from './scale';
import { useWidth } from './useWidth';

export const MARGIN = { top: 10, right: 4, bottom: 24, left: 52 };
const TICKS = 4;

export type Plot = { y: (dollars: number) => number; left: number; right: number; bottom: number };

type Props = {
  label: string;
  height: number;
  /** The range of dollars that must fit. */
  from: number;
  to: number;
  children: (plot: Plot) => ReactNode;
};

const UNITS = [
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'K'],
] as const;

/** Amounts of an axis: `$1.5K`. Those below a thousand have the same digits, cents at least where a step has any. */
function formatOf(step: number): (dollars: number) => string {
  const digits = step < 1 ? Math.max(2, Math.ceil(-Math.log10(step) - 1e-9)) : 0;
  return (dollars) => {
    const [size, sign] = dollars < 0 ? [-dollars, '−'] : [dollars, ''];
    const [unit, letter] = UNITS.find(([least]) => size >= least) ?? [1, ''];
    return `${sign}$${unit === 1 ? size.toFixed(digits) : Number((size / unit).toFixed(2))}${letter}`;
  };
}

export function Chart({ label, height, from, to, children }: Props) {
  const { ref, width } = useWidth<HTMLDivElement>();
  const bottom = height - MARGIN.bottom;
  const ticks = roundValues([Math.min(0, from), Math.max(to, from + 0.01, 0.01)], TICKS);
  const y = linear([ticks[0]!, ticks.at(-1)!], [bottom, MARGIN.top]);
  const format = formatOf(ticks[1]! - ticks[0]!);
  const right = width - MARGIN.right;
  return (
    <div ref={ref} className={styles.chart} style={{ height }}>
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-label={label}>
          {ticks.map((tick) => (
            <g key={tick} className={tick === 0 ? styles.zero : styles.tick}>
              <line x1={MARGIN.left} x2={right} y1={y(tick)} y2={y(tick)} />
              <text x={MARGIN.left - 10} y={y(tick)} dy="0.32em" textAnchor="end">
                {format(tick)}
              </text>
            </g>
          ))}
          {children({ y, left: MARGIN.left, right, bottom })}
        </svg>
      )}
    </div>
  );
}
