/** Three figures: spent today, the average a day, the time left at the current rate. */
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { autoReloadQuery } from '../../api/autoReload';
import { isLost } from '../../api/problem';
import { dailySpendQuery } from '../../api/usage';
import { Button } from '../../components/Button';
import { Money } from '../../components/Money';
import { Notice } from '../../components/Notice';
import { useLastDays } from '../../components/useUtcDay';
import { formatMinutes } from '../../format/time';
import { useAccountId } from '../../session/session';
import { text } from '../../text';
import styles from './Overview.module.css';

const words = text.overview;
const ADVICE_EVERY_MS = 5_000;

export function Figures() {
  const id = useAccountId();
  const today = useQuery(dailySpendQuery(id, useLastDays(1)));
  // Beside what was spent today, an average and a time left of before would contradict it.
  const autoReload = useQuery({
    ...autoReloadQuery(id),
    // What is not there says so and stays said until it is asked for again.
    refetchInterval: ({ state: { data } }) => data !== undefined && ADVICE_EVERY_MS,
  });
  return (
    <section className={styles.today} aria-label={words.figures}>
      <dl className={styles.figures}>
        <Figure name={words.today} note={words.todayNote} query={today}>
          {({ total }) => <Money amount={total} />}
        </Figure>
        <Figure name={words.average} note={words.averageNote} query={autoReload}>
          {({ advice }) => <Money amount={advice.dailySpend} />}
        </Figure>
        <Figure name={words.timeLeft} note={words.timeLeftNote} query={autoReload}>
          {({ advice }) => showTimeLeft(advice.minutesLeft)}
        </Figure>
      </dl>
      <Missing
        figures={[
          { query: today, names: [words.today] },
          { query: autoReload, names: [words.average, words.timeLeft] },
        ]}
      />
    </section>
  );
}

function showTimeLeft(minutes: number | null): string {
  if (minutes === null) return words.noRate;
  return minutes <= 0 ? words.empty : formatMinutes(minutes);
}

type FigureProps<T> = { name: string; note: string; query: UseQueryResult<T>; children: (data: T) => ReactNode };

function Figure<T>({ name, note, query: { data, isError }, children }: FigureProps<T>) {
  return (
    <div className={styles.figure}>
      <dt>
        {name} <span>{note}</span>
      </dt>
      <dd>{data === undefined ? (isError ? '–' : ' ') : children(data)}</dd>
    </div>
  );
}

/** Which figures are not there, why, and the way to have them. */
function Missing({ figures }: { figures: readonly { query: UseQueryResult; names: readonly string[] }[] }) {
  const missing = figures.filter(({ query }) => query.data === undefined && query.isError);
  const error = missing[0]?.query.error;
  if (!error) return null;
  const names = missing.flatMap(({ names }) => names);
  const retry = (): void => missing.forEach(({ query }) => void query.refetch());
  return (
    <Notice tone="bad" action={<Button onClick={retry}>{text.states.retry}</Button>}>
      {words.figuresMissing(names)} {isLost(error) ? `${text.states.unreachable}.` : error.message}
    </Notice>
  );
}
