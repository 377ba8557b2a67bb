/** A balance over time: a step line, as money comes and goes at moments; below zero in the colour of trouble. */
import { toPixelsOnly } from '../../format/money';
import { formatClock, formatShortDate } from '../../format/time';
import { Chart } from './Chart';
import styles from './Chart.module.css';
import { linear } from './scale';

export type CurvePoint = { at: string; balance: string };
type Props = {
  points: readonly CurvePoint[];
  label: string;
  height?: number;
  /** Two curves side by side have one scale. */
  from: number;
  to: number;
};

export function Curve({ points, label, height = 170, from, to }: Props) {
  return (
    <Chart label={label} height={height} from={from} to={to}>
      {({ y, left, right, bottom }) => {
        const first = new Date(points[0]?.at ?? 0);
        const last = new Date(points.at(-1)?.at ?? 0);
        const isOneDay = formatShortDate(first.toISOString()) === formatShortDate(last.toISOString());
        const timeOf = (at: Date): string => (isOneDay ? formatClock : formatShortDate)(at.toISOString());
        const x = linear([first.getTime(), last.getTime()], [left, right]);
        const drawn = points
          .map(({ at, balance }) => `${round(x(Date.parse(at)))},${round(y(toPixelsOnly(balance)))}`)
          .join('L');
        const zero = round(y(0));
        return (
          <>
            <path
              className={styles.area}
              d={drawn && `M${round(left)},${zero}L${drawn}L${round(points.length > 1 ? right : left)},${zero}Z`}
            />
            {y(0) < bottom && (
              <rect
                className={styles.below}
                x={left}
                width={Math.max(0, right - left)}
                y={y(0)}
                height={bottom - y(0)}
              />
            )}
            <path className={styles.line} d={drawn && `M${drawn}`} />
            <text x={left} y={bottom + 17}>
              {timeOf(first)}
            </text>
            <text x={right} y={bottom + 17} textAnchor="end">
              {timeOf(last)}
            </text>
          </>
        );
      }}
    </Chart>
  );
}

/** Tenths of a pixel: more can't be seen. */
const round = (pixels: number): number => Math.round(pixels * 10) / 10;

/** The range of dollars of some curves together. */
export function rangeOf(...curves: readonly (readonly CurvePoint[])[]): { from: number; to: number } {
  const values = curves.flat().map(({ balance }) => toPixelsOnly(balance));
  return { from: Math.min(0, ...values), to: Math.max(0, ...values) };
}
