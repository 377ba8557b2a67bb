/** After three strikes: which card failed and why, when, and the one button to mend it. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { methodsQuery, reloadsQuery } from '../../api/queries';
import { ButtonLink } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { formatTime } from '../../format/time';
import { text } from '../../text';
import { wordFor } from '../../text/word';
import { cardName } from '../payment/card';
import styles from './AutoReload.module.css';

const words = text.autoReload;

export function FailedMethods({ accountId }: { accountId: string }) {
  const methods = useQuery(methodsQuery(accountId)).data?.data ?? [];
  const reloads = useInfiniteQuery(reloadsQuery(accountId)).data?.pages[0]?.data ?? [];
  const declined = reloads
    .flatMap(({ attempts }) => attempts)
    .filter(({ outcome }) => outcome === 'declined')
    .toSorted((a, b) => (a.at < b.at ? 1 : -1))
    .slice(0, 3);
  const nameOf = (id: string): string => {
    const method = methods.find((one) => one.id === id);
    return method ? cardName(method) : id;
  };
  return (
    <Notice tone="bad" action={<ButtonLink href="/payments">{words.mend}</ButtonLink>}>
      <p>{words.failedTitle}</p>
      <ul className={styles.failed}>
        {declined.map(({ method, declineCode, at }) => (
          <li key={`${method} ${at}`}>
            {words.failedMethod(
              nameOf(method),
              wordFor(text.payments.declines, declineCode ?? 'card_declined'),
              formatTime(at),
            )}
          </li>
        ))}
      </ul>
      <p>{words.failedNext}</p>
    </Notice>
  );
}
