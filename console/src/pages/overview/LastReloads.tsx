import { RefreshCw } from 'lucide-react';
import { Link } from 'wouter';
import { Card } from '../../components/Card';
import { Money } from '../../components/Money';
import { PaymentStatus } from '../../components/PaymentStatus';
import { Empty, Loaded } from '../../components/States';
import { formatTime } from '../../format/time';
import { text } from '../../text';
import styles from './Overview.module.css';
import { lastDecline, useLastReloads } from './useLastReloads';

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
              {data.map(({ number, amount, status, at, attempts }) => (
                <li key={number}>
                  <span className={styles.what}>
                    <PaymentStatus status={status} />
                    <time dateTime={at}>{formatTime(at)}</time>
                  </span>
                  <span className={`${styles.amount} ${styles.end}`}>
                    <Money amount={amount} />
                  </span>
                  {status !== 'succeeded' && <small className={styles.why}>{lastDecline(attempts)}</small>}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}
