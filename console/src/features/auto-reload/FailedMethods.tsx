/** After three strikes: which card failed and why, when, and the one button to mend it. */
import { useQuery } from '@tanstack/react-query';
import { lastReloadsQuery, type Attempt, type Reload } from '../../api/autoReload';
import { Button, ButtonLink } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { formatTime } from '../../format/time';
import { text } from '../../text';
import { triedCards, whyDeclined } from '../payment/card';
import styles from './AutoReload.module.css';

const words = text.autoReload;
/** A reload of each strike, if each had its own. */
const STRIKES = 3;

export function FailedMethods({ accountId }: { accountId: string }) {
  const reloads = useQuery(lastReloadsQuery(accountId, STRIKES));
  const failed = failedIn(reloads.data?.data ?? []);
  const nameOf = triedCards(failed);
  return (
    <Notice tone="bad" action={<ButtonLink href="/payments">{words.fix}</ButtonLink>}>
      <p>{words.failedTitle}</p>
      {reloads.data ? (
        <ul className={styles.failed}>
          {failed.map((attempt) => (
            <li key={attempt.method}>
              {words.failedMethod(
                nameOf(attempt),
                whyDeclined(attempt) ?? text.payments.declined,
                formatTime(attempt.at),
              )}
            </li>
          ))}
        </ul>
      ) : (
        <p>
          {reloads.error ? words.failedUnread : text.states.loading}{' '}
          {reloads.error && (
            <Button look="quiet" onClick={() => void reloads.refetch()}>
              {text.states.retry}
            </Button>
          )}
        </p>
      )}
      <p>{words.failedNext}</p>
    </Notice>
  );
}

/** Each method that has failed since the last charge that was paid, once, with its last decline; the latest first. */
function failedIn(reloads: readonly Reload[]): Attempt[] {
  const attempts = reloads.flatMap((reload) => reload.attempts).toSorted((a, b) => (a.at < b.at ? -1 : 1));
  const declined = attempts
    .slice(attempts.findLastIndex(({ outcome }) => outcome === 'succeeded') + 1)
    .filter(({ outcome }) => outcome === 'declined');
  return [...new Map(declined.map((attempt) => [attempt.method, attempt])).values()].reverse();
}
