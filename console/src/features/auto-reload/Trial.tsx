/** A18: the settings wished and the present ones over the account's own past usage, side by side. Nothing is charged. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { api, data, ofAccount, type Schemas } from '../../api/client';
import { keys } from '../../api/keys';
import { Curve, rangeOf } from '../../components/chart/Curve';
import { Money } from '../../components/Money';
import { Loaded, Unread } from '../../components/States';
import { addMoney, toNano } from '../../format/money';
import { formatCount } from '../../format/number';
import { formatMinutes } from '../../format/time';
import { text } from '../../text';
import { wordFor } from '../../text/word';
import styles from './AutoReload.module.css';
import type { Wish } from './wish';

const words = text.autoReload.trial;
const DAYS = 30;

/** @param settings empty: auto-reload off */
const run = (accountId: string, settings: Partial<Wish>) =>
  data(api.POST('/v1/accounts/{id}/auto-reload/trial', { ...ofAccount(accountId), body: { ...settings, days: DAYS } }));
type Result = Awaited<ReturnType<typeof run>>;

function useTrial(accountId: string, wish: Partial<Wish> | null) {
  return useQuery({
    queryKey: [...keys.account(accountId), 'trial', wish],
    queryFn: () => run(accountId, wish!),
    enabled: wish !== null,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    retry: false,
  });
}

type Props = { accountId: string; wish: Wish | null; settings: Schemas['AutoReload'] };

export function Trial({ accountId, wish, settings: { status, threshold, amount, monthlyLimit } }: Props) {
  const isSet = status === 'on' && threshold !== null && amount !== null;
  const present = isSet ? { threshold, amount, ...(monthlyLimit !== null && { monthlyLimit }) } : {};
  const name = isSet ? words.present : words.presentOff;
  const wished = useTrial(accountId, wish);
  const now = useTrial(accountId, present);
  const range = rangeOf(wished.data?.curve ?? [], now.data?.curve ?? []);
  return (
    <section className={styles.trial} aria-label={words.title}>
      <h3>{words.title}</h3>
      <p className={styles.quiet}>{words.note(DAYS)}</p>
      {now.data && !hasMoved(now.data) ? (
        <p>{words.noUsage(DAYS)}</p>
      ) : (
        <>
          {wish === null ? (
            <p>{words.pick}</p>
          ) : (
            <Loaded query={wished} lines={6}>
              {(result) => <Outcome name={words.wished} result={result} range={range} />}
            </Loaded>
          )}
          {now.data && <Outcome name={name} result={now.data} range={range} />}
          <Unread what={name} query={now} />
        </>
      )}
    </section>
  );
}

type OutcomeProps = { name: string; result: Result; range: { from: number; to: number } };

function Outcome({ name, result, range }: OutcomeProps) {
  return (
    <div className={styles.outcome}>
      <h4>{name}</h4>
      <Curve label={words.curve(name)} points={result.curve} height={130} {...range} />
      <dl className={styles.figures}>
        <Figure name={words.reloads}>{formatCount(result.reloads.length)}</Figure>
        <Figure name={words.charged}>
          <Money amount={addMoney('0', result.charged)} />
        </Figure>
        <Figure name={words.lowest}>
          <Money amount={result.lowestBalance} />
        </Figure>
        <Figure name={words.without}>
          {result.minutesWithoutAccess === 0 ? words.never : formatMinutes(result.minutesWithoutAccess)}
        </Figure>
      </dl>
      {isGrace(result) && <p className={styles.quiet}>{words.grace}</p>}
      {result.blockedBy.map((guard) => (
        <p key={guard} className={styles.quiet}>
          {wordFor(words.blocked, guard)}
        </p>
      ))}
    </div>
  );
}

/** Whether there is any use to try settings on: a line that never moves says nothing of them. */
const hasMoved = ({ curve }: Result): boolean => curve.some(({ balance }) => balance !== curve[0]?.balance);

/** At or below zero, and access went on: a trial takes a reload to be paid at the moment in which it is due. */
const isGrace = ({ lowestBalance, minutesWithoutAccess, reloads }: Result): boolean =>
  toNano(lowestBalance) <= 0n && minutesWithoutAccess === 0 && reloads.length > 0;

const Figure = ({ name, children }: { name: string; children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);
