/** A balance over time: a step line, as money comes and goes at moments; below zero in the colour of trouble. */
import { scaleUtc } from 'd3-scale';
import { area, curveLinear, line } from 'd3-shape';
import { toPixelsOnly } from '../../format/money';
import { formatShortDate } from '../../format/time';
import { Chart } from './Chart';
import styles from './Chart.module.css';

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
        const x = scaleUtc().domain([first, last]).range([left, right]);
        const xOf = ({ at }: CurvePoint): number => x(new Date(at));
        const yOf = ({ balance }: CurvePoint): number => y(toPixelsOnly(balance));
        const drawn = line<CurvePoint>().x(xOf).y(yOf).curve(curveLinear);
        const filled = area<CurvePoint>().x(xOf).y0(y(0)).y1(yOf).curve(curveLinear);
        return (
          <>
            <path className={styles.area} d={filled([...points]) ?? ''} />
            {y(0) < bottom && (
              <rect
                className={styles.below}
                x={left}
                width={Math.max(0, right - left)}
                y={y(0)}
                height={bottom - y(0)}
              />
            )}
            <path className={styles.line} d={drawn([...points]) ?? ''} />
            <text x={left} y={bottom + 17}>
              {formatShortDate(first.toISOString())}
            </text>
            <text x={right} y={bottom + 17} textAnchor="end">
              {formatShortDate(last.toISOString())}
            </text>
          </>
        );
      }}
    </Chart>
  );
}

/** The range of dollars of some curves together. */
export function rangeOf(...curves: readonly (readonly CurvePoint[])[]): { from: number; to: number } {
  const values = curves.flat().map(({ balance }) => toPixelsOnly(balance));
  return { from: Math.min(0, ...values), to: Math.max(0, ...values) };
}
