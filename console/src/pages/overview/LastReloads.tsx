import { useQuery } from '@tanstack/react-query';
import { RefreshCw } from 'lucide-react';
import { Link } from 'wouter';
import { lastReloadsQuery, type Attempt } from '../../api/autoReload';
import { Card } from '../../components/Card';
import { Money } from '../../components/Money';
import { PaymentStatus } from '../../components/PaymentStatus';
import { Empty, Loaded } from '../../components/States';
import { triedCard, whyDeclined } from '../../features/payment/card';
import { formatTime } from '../../format/time';
import { useAccountId } from '../../session/session';
import { text } from '../../text';
import styles from './Overview.module.css';

const words = text.overview;
const SHOWN = 5;

/** The last reloads; all of them are on the page of payments. */
export function LastReloads() {
  const reloads = useQuery(lastReloadsQuery(useAccountId(), SHOWN));
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
                  {status !== 'succeeded' && <LastDecline attempts={attempts} />}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}

/** Which card the last attempt was made with, and why it was declined. */
function LastDecline({ attempts }: { attempts: readonly Attempt[] }) {
  const last = attempts.findLast(({ outcome }) => outcome === 'declined');
  if (last === undefined) return null;
  return (
    <small className={styles.why}>{words.declined(triedCard(last), whyDeclined(last) ?? text.payments.declined)}</small>
  );
}
