/** What every chart has: its measured width, a scale of dollars with lines, and a name for screen readers; its figures are in a table or list beside it. */
import { scaleLinear, type ScaleLinear } from 'd3-scale';
import type { ReactNode } from 'react';
import styles from './Chart.module.css';
import { useWidth } from './useWidth';

export const MARGIN = { top: 10, right: 4, bottom: 24, left: 52 };
const TICKS = 4;

export type Plot = { y: ScaleLinear<number, number>; left: number; right: number; bottom: number };

type Props = {
  label: string;
  height: number;
  /** The range of dollars that must fit. */
  from: number;
  to: number;
  children: (plot: Plot) => ReactNode;
};

const compact = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  notation: 'compact',
  minimumFractionDigits: 0,
  maximumFractionDigits: 2,
});

export function Chart({ label, height, from, to, children }: Props) {
  const { ref, width } = useWidth<HTMLDivElement>();
  const bottom = height - MARGIN.bottom;
  const y = scaleLinear()
    .domain([Math.min(0, from), Math.max(to, from + 0.01, 0.01)])
    .nice(TICKS)
    .range([bottom, MARGIN.top]);
  const right = width - MARGIN.right;
  return (
    <div ref={ref} className={styles.chart} style={{ height }}>
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-label={label}>
          {y.ticks(TICKS).map((tick) => (
            <g key={tick} className={tick === 0 ? styles.zero : styles.tick}>
              <line x1={MARGIN.left} x2={right} y1={y(tick)} y2={y(tick)} />
              <text x={MARGIN.left - 10} y={y(tick)} dy="0.32em" textAnchor="end">
                {compact.format(tick).replace('-', '−')}
              </text>
            </g>
          ))}
          {children({ y, left: MARGIN.left, right, bottom })}
        </svg>
      )}
    </div>
  );
}
