import { RefreshCw } from 'lucide-react';
import { Link } from 'wouter';
import type { Reload } from '../../api/autoReload';
import { Card } from '../../components/Card';
import { Money } from '../../components/Money';
import { PaymentStatus } from '../../components/PaymentStatus';
import { Empty, Loaded } from '../../components/States';
import { formatTime } from '../../format/time';
import { text } from '../../text';
import styles from './Overview.module.css';
import { lastDeclines, paidByBackup, useLastReloads } from './useLastReloads';

const words = text.overview;

export function LastReloads() {
  const reloads = useLastReloads();
  return (
    <Card title={words.reloads} action={<Link href="/payments">{words.allPayments}</Link>}>
      <Loaded query={reloads}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty icon={RefreshCw} title={words.noReloads}>
              {words.noReloadsWhy}
            </Empty>
          ) : (
            <ul className={styles.rows}>
              {data.map((reload) => (
                <li key={reload.number}>
                  <span className={styles.what}>
                    <PaymentStatus status={reload.status} />
                    <time dateTime={reload.at}>{formatTime(reload.at)}</time>
                  </span>
                  <span className={`${styles.amount} ${styles.end}`}>
                    <Money amount={reload.amount} />
                  </span>
                  <small className={styles.why}>{whatOf(reload)}</small>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}

/** What there is to be said of it; null for one that its first card has paid. */
function whatOf(reload: Reload): string | null {
  if (reload.status !== 'succeeded') return lastDeclines(reload.attempts);
  const paid = paidByBackup(reload);
  return paid && words.paidInstead(paid.card, paid.declined);
}
