import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { api, data } from '../../api/client';
import { accountQuery, keys } from '../../api/queries';
import { Button, ButtonLink } from '../../components/Button';
import { Card } from '../../components/Card';
import { Money } from '../../components/Money';
import { Notice } from '../../components/Notice';
import { formatMoney } from '../../format/money';
import { useAccountId } from '../../session/session';
import { text } from '../../text';
import styles from './Pay.module.css';

const words = text.pay;
type Props = { id: string; amount: string; balance: string; wasSuspended: boolean; onAgain: () => void };

/** What was paid, what the balance is after it, whether inference runs again. */
export function PaidReceipt({ id, amount, balance, wasSuspended, onAgain }: Props) {
  const accountId = useAccountId();
  const gate = useQuery(accountQuery(accountId)).data?.gate.state;
  const payment = useQuery(prepaymentQuery(accountId, id));
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => place.current?.focus(), []);
  const access =
    gate === 'suspended'
      ? words.doneSuspended
      : wasSuspended
        ? words.doneResumed
        : gate === undefined
          ? ''
          : words.doneRunning;
  return (
    <div ref={place} tabIndex={-1} className={styles.column} data-testid="receipt">
      <Card title={words.doneReceipt}>
        <Notice tone="good">
          {words.done(formatMoney(amount))}. {access}
        </Notice>
        <dl className={styles.summary}>
          <dt>{words.total}</dt>
          <dd className={styles.total}>
            <Money amount={amount} />
          </dd>
          <dt>{words.doneBalance}</dt>
          <dd>
            <Money amount={balance} />
          </dd>
        </dl>
        <div className={styles.buttons}>
          <ButtonLink look="primary" href="/overview">
            {words.toOverview}
          </ButtonLink>
          <Button onClick={onAgain}>{words.startAgain}</Button>
          {payment.data?.receiptUrl && (
            <a className={styles.receipt} href={payment.data.receiptUrl}>
              {words.doneReceipt}
            </a>
          )}
        </div>
      </Card>
    </div>
  );
}

export const prepaymentQuery = (accountId: string, prepaymentId: string) => ({
  queryKey: [...keys.topic(accountId, 'prepayments'), 'one', prepaymentId],
  queryFn: () =>
    data(
      api.GET('/v1/accounts/{id}/prepayments/{prepaymentId}', { params: { path: { id: accountId, prepaymentId } } }),
    ),
});
