/** A bar per day. Days without usage are there, too, with no bar. */
import { scaleBand } from 'd3-scale';
import { formatMoney, toPixelsOnly } from '../../format/money';
import { formatShortDate } from '../../format/time';
import { Chart } from './Chart';
import styles from './Chart.module.css';

export type DayAmount = { day: string; amount: string };
const LABEL_PIXELS = 56;

export function DayBars({ days, label, height = 180 }: { days: readonly DayAmount[]; label: string; height?: number }) {
  const highest = Math.max(0, ...days.map(({ amount }) => toPixelsOnly(amount)));
  return (
    <Chart label={label} height={height} from={0} to={highest}>
      {({ y, left, right, bottom }) => {
        const x = scaleBand<string>()
          .domain(days.map(({ day }) => day))
          .range([left, right])
          .padding(0.28);
        const each = Math.max(1, Math.ceil((days.length * LABEL_PIXELS) / Math.max(1, right - left)));
        return days.map(({ day, amount }, at) => (
          <g key={day}>
            <rect
              className={styles.bar}
              x={x(day)}
              width={x.bandwidth()}
              y={y(toPixelsOnly(amount))}
              height={y(0) - y(toPixelsOnly(amount))}
              rx={Math.min(3, x.bandwidth() / 4)}
            >
              <title>{`${formatShortDate(day)}: ${formatMoney(amount)}`}</title>
            </rect>
            {(days.length - 1 - at) % each === 0 && (
              <text x={(x(day) ?? 0) + x.bandwidth() / 2} y={bottom + 17} textAnchor="middle">
                {formatShortDate(day)}
              </text>
            )}
          </g>
        ));
      }}
    </Chart>
  );
}
