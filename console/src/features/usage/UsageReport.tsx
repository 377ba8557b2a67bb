/** What inference has cost an account, by UTC day and model: the five dearest models by colour, all of them in the table (B7). */
import { useQuery } from '@tanstack/react-query';
import { ChartColumn } from 'lucide-react';
import { readUsageCsv, usageQuery } from '../../api/usage';
import { Card } from '../../components/Card';
import { DayBars, PART_COLOURS } from '../../components/chart/DayBars';
import { Money } from '../../components/Money';
import { Empty, Loaded } from '../../components/States';
import { Table, type Column } from '../../components/Table';
import { useLastDays } from '../../components/useUtcDay';
import { formatMoney, toNano, toPixelsOnly } from '../../format/money';
import { formatCount } from '../../format/number';
import { formatShortDate } from '../../format/time';
import { text } from '../../text';
import { Advice } from './Advice';
import { byDay, byModel, type ModelUsage, type UsageRow } from './byModel';
import styles from './UsageReport.module.css';

const words = text.usage;
const NAMED_MAX = 5;

type Props = {
  id: string;
  /** The last so many, today (UTC) included. */
  days: number;
  /** What its CSV is called, before the days. @default usage */
  fileName?: string;
};

export function UsageReport({ id, days, fileName = 'usage' }: Props) {
  const range = useLastDays(days);
  const usage = useQuery(usageQuery(id, range));
  return (
    <Loaded query={usage} lines={10} card={words.spend}>
      {({ rows, total }) =>
        rows.length === 0 ? (
          <Card title={words.spend}>
            <Empty icon={ChartColumn} title={words.none}>
              {words.noneWhy}
            </Empty>
          </Card>
        ) : (
          <Spend id={id} rows={rows} total={total} range={range} fileName={fileName} />
        )
      }
    </Loaded>
  );
}

type SpendProps = { id: string; rows: readonly UsageRow[]; total: string; range: readonly string[]; fileName: string };

function Spend({ id, rows, total, range, fileName }: SpendProps) {
  const models = byModel(rows);
  const named = models.slice(0, NAMED_MAX).map(({ model }) => model);
  const hasOthers = models.length > named.length;
  const parts = hasOthers ? [...named, words.other] : named;
  return (
    <>
      <Card
        title={words.spend}
        note={words.spendNote(formatShortDate(range[0]!), formatShortDate(range.at(-1)!))}
        action={<Money amount={total} />}
      >
        <DayBars
          label={words.spendLabel(formatMoney(total))}
          days={byDay(rows, range, named, hasOthers)}
          parts={parts}
          height={220}
        />
        <ul className={styles.legend}>
          {parts.map((part, at) => (
            <li key={part}>
              <svg width="10" height="10" aria-hidden="true">
                <rect className={PART_COLOURS[at]} width="10" height="10" rx="2" />
              </svg>
              {part}
            </li>
          ))}
        </ul>
      </Card>
      <Advice id={id} />
      <Card title={words.models}>
        <Table
          caption={words.models}
          columns={columnsOf(total)}
          rows={models}
          rowKey={({ model }) => model}
          name="usage"
          fileName={`${fileName}-${range[0]}-${range.at(-1)}`}
          readCsv={() => readUsageCsv(id, range)}
        />
      </Card>
    </>
  );
}

const count = (key: 'requests' | 'inputTokens' | 'outputTokens' | 'images'): Column<ModelUsage> => ({
  key,
  heading: words.columns[key],
  cell: (row) => formatCount(row[key]),
  order: (row) => row[key],
  isNumber: true,
});

const columnsOf = (total: string): Column<ModelUsage>[] => [
  {
    key: 'model',
    heading: words.columns.model,
    cell: ({ model }) => model,
    order: ({ model }) => model,
  },
  count('requests'),
  count('inputTokens'),
  count('outputTokens'),
  count('images'),
  {
    key: 'share',
    heading: words.columns.share,
    cell: ({ cost }) => shareOf(cost, total),
    isNumber: true,
  },
  {
    key: 'cost',
    heading: words.columns.cost,
    cell: ({ cost }) => <Money amount={cost} />,
    order: ({ cost }) => toNano(cost),
    isNumber: true,
  },
];

const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;
const LEAST_SHARE = 0.001;
function shareOf(cost: string, total: string): string {
  if (toNano(cost) <= 0n || toNano(total) <= 0n) return '–';
  const share = toPixelsOnly(cost) / toPixelsOnly(total);
  return share < LEAST_SHARE ? `<${percent(LEAST_SHARE)}` : percent(share);
}
