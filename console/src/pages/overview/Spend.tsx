/** The last fourteen UTC days. Their sum is the API's total for the same days. */
import { useQuery } from '@tanstack/react-query';
import { ChartColumn } from 'lucide-react';
import { dailySpendQuery } from '../../api/usage';
import { Card } from '../../components/Card';
import { DayBars } from '../../components/chart/DayBars';
import { Money } from '../../components/Money';
import { Empty, Loaded } from '../../components/States';
import { useLastDays } from '../../components/useUtcDay';
import { formatMoney } from '../../format/money';
import { formatShortDate } from '../../format/time';
import { useAccountId } from '../../session/session';
import { text } from '../../text';

const words = text.overview;
const DAYS = 14;
const ROOM = 180;

export function Spend() {
  const days = useLastDays(DAYS);
  const usage = useQuery(dailySpendQuery(useAccountId(), days));
  return (
    <Card
      title={words.spend}
      note={words.spendNote(formatShortDate(days[0]!), formatShortDate(days.at(-1)!))}
      action={usage.data && <Money amount={usage.data.total} />}
    >
      <Loaded query={usage} lines={6} room={ROOM}>
        {({ rows, total }) => {
          const byDay = new Map(rows.map(({ day, cost }) => [day, cost]));
          if (rows.length === 0)
            return (
              <Empty icon={ChartColumn} title={words.noSpend}>
                {words.noSpendWhy}
              </Empty>
            );
          return (
            <DayBars
              label={words.spendLabel(formatMoney(total))}
              days={days.map((day) => ({ day, amounts: [byDay.get(day) ?? '0.00'] }))}
              height={ROOM}
            />
          );
        }}
      </Loaded>
    </Card>
  );
}
