/** A bar per day, of one part or of several on top of each other. Days without usage are there, too, with no bar. */
import { formatMoney, toPixelsOnly } from '../../format/money';
import { formatShortDate } from '../../format/time';
import { Chart } from './Chart';
import styles from './Chart.module.css';
import { bands } from './scale';

/** Amounts in the order of `parts`, the first at the bottom. */
export type DayAmounts = { day: string; amounts: readonly string[] };
const LABEL_PIXELS = 56;
/** Between two bars, as a part of a bar's place. */
const GAP = 0.28;

/** The colours there are, one for each part. */
export const PART_COLOURS = [styles.part1, styles.part2, styles.part3, styles.part4, styles.part5, styles.part6];

type Props = {
  days: readonly DayAmounts[];
  label: string;
  /** Names of the parts. @default one without a name */
  parts?: readonly string[];
  height?: number;
};

export function DayBars({ days, label, parts, height = 180 }: Props) {
  const stacks = days.map(({ day, amounts }) => ({ day, amounts, tops: topsOf(amounts.map(toPixelsOnly)) }));
  const highest = Math.max(0, ...stacks.map(({ tops }) => tops.at(-1) ?? 0));
  return (
    <Chart label={label} height={height} from={0} to={highest}>
      {({ y, left, right, bottom }) => {
        const { at: xOf, width } = bands(days.length, [left, right], GAP);
        const each = Math.max(1, Math.ceil((days.length * LABEL_PIXELS) / Math.max(1, right - left)));
        const radius = parts ? 0 : Math.min(3, width / 4);
        return stacks.map(({ day, amounts, tops }, at) => {
          const middle = xOf(at) + width / 2;
          const isAtEdge = middle + LABEL_PIXELS / 2 > right;
          return (
            <g key={day}>
              {amounts.map((amount, part) => (
                <rect
                  key={part}
                  className={PART_COLOURS[part]}
                  x={xOf(at)}
                  width={width}
                  y={y(tops[part]!)}
                  height={y(tops[part - 1] ?? 0) - y(tops[part]!)}
                  rx={radius}
                >
                  <title>{`${formatShortDate(day)}${parts ? `, ${parts[part]}` : ''}: ${formatMoney(amount)}`}</title>
                </rect>
              ))}
              {(days.length - 1 - at) % each === 0 && (
                <text x={isAtEdge ? right : middle} y={bottom + 17} textAnchor={isAtEdge ? 'end' : 'middle'}>
                  {formatShortDate(day)}
                </text>
              )}
            </g>
          );
        });
      }}
    </Chart>
  );
}

/** Where each part ends, from the bottom. */
function topsOf(amounts: readonly number[]): number[] {
  let top = 0;
  return amounts.map((amount) => (top += amount));
}
