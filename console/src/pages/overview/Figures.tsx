/** Three figures: spent today, the average a day, the time left at the current rate. */
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { autoReloadQuery } from '../../api/autoReload';
import { dailySpendQuery } from '../../api/usage';
import { Money } from '../../components/Money';
import { formatMinutes } from '../../format/time';
import { useAccountId } from '../../session/session';
import { text } from '../../text';
import styles from './Overview.module.css';

const words = text.overview;
const ADVICE_EVERY_MS = 5_000;

export function Figures() {
  const id = useAccountId();
  const today = useQuery(dailySpendQuery(id, 1));
  // Beside what was spent today, an average and a time left of before would contradict it.
  const autoReload = useQuery({ ...autoReloadQuery(id), refetchInterval: ADVICE_EVERY_MS });
  const advice = autoReload.data?.advice;
  return (
    <dl className={styles.figures}>
      <Figure name={words.today} note={words.todayNote} hasFailed={today.isError}>
        {today.data && <Money amount={today.data.total} />}
      </Figure>
      <Figure name={words.average} note={words.averageNote} hasFailed={autoReload.isError}>
        {advice && <Money amount={advice.dailySpend} />}
      </Figure>
      <Figure name={words.timeLeft} note={words.timeLeftNote} hasFailed={autoReload.isError}>
        {advice &&
          (advice.minutesLeft === null
            ? words.noRate
            : advice.minutesLeft <= 0
              ? words.empty
              : formatMinutes(advice.minutesLeft))}
      </Figure>
    </dl>
  );
}

type FigureProps = { name: string; note: string; hasFailed: boolean; children: ReactNode };

function Figure({ name, note, hasFailed, children }: FigureProps) {
  return (
    <div className={styles.figure}>
      <dt>
        {name} <span>{note}</span>
      </dt>
      <dd>{children ?? (hasFailed ? '–' : ' ')}</dd>
    </div>
  );
}
