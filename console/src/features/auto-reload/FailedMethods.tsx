/** After three strikes: which card failed and why, when, and the one button to mend it. */
import { useQuery } from '@tanstack/react-query';
import { lastReloadsQuery } from '../../api/autoReload';
import { ButtonLink } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { formatTime } from '../../format/time';
import { text } from '../../text';
import { triedCard, whyDeclined } from '../payment/card';
import styles from './AutoReload.module.css';

const words = text.autoReload;
/** A reload of each strike, if each had its own. */
const STRIKES = 3;

export function FailedMethods({ accountId }: { accountId: string }) {
  const reloads = useQuery(lastReloadsQuery(accountId, STRIKES)).data?.data ?? [];
  const attempts = reloads.flatMap((reload) => reload.attempts).toSorted((a, b) => (a.at < b.at ? -1 : 1));
  // What failed before a charge that was paid is no part of these strikes.
  const declined = attempts
    .slice(attempts.findLastIndex(({ outcome }) => outcome === 'succeeded') + 1)
    .filter(({ outcome }) => outcome === 'declined');
  // Each method once, with its last decline.
  const methods = [...new Map(declined.map((attempt) => [attempt.method, attempt])).values()].reverse();
  return (
    <Notice tone="bad" action={<ButtonLink href="/payments">{words.mend}</ButtonLink>}>
      <p>{words.failedTitle}</p>
      <ul className={styles.failed}>
        {methods.map((attempt) => (
          <li key={attempt.method}>
            {words.failedMethod(
              triedCard(attempt),
              whyDeclined(attempt) ?? text.payments.declined,
              formatTime(attempt.at),
            )}
          </li>
        ))}
      </ul>
      <p>{words.failedNext}</p>
    </Notice>
  );
}
