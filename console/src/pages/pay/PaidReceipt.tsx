import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import type { Schemas } from '../../api/client';
import { accountQuery } from '../../api/accounts';
import { Button, ButtonLink } from '../../components/Button';
import { Card } from '../../components/Card';
import { Money } from '../../components/Money';
import { Notice } from '../../components/Notice';
import { formatMoney } from '../../format/money';
import { useAccountId } from '../../session/session';
import { text } from '../../text';
import type { Known } from './known';
import styles from './Pay.module.css';

const words = text.pay;
type Props = { payment: Schemas['Prepayment']; known: Known | null; onAgain: () => void };

/** What was paid, what the balance is after it, whether inference runs again. */
export function PaidReceipt({ payment: { amount, receiptUrl }, known, onAgain }: Props) {
  const account = useQuery(accountQuery(useAccountId())).data;
  const balance = known?.balance ?? account?.balance;
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => place.current?.focus(), []);
  return (
    <div ref={place} tabIndex={-1} className={styles.column} data-testid="receipt">
      <Card title={words.doneReceipt}>
        <Notice tone="good">
          {words.done(formatMoney(amount))}. {account && accessIn(account.gate.state, known?.wasSuspended ?? false)}
        </Notice>
        <dl className={styles.summary}>
          <dt>{words.paid}</dt>
          <dd className={styles.total}>
            <Money amount={amount} />
          </dd>
          <dt>{known?.balance === undefined ? words.balanceNow : words.doneBalance}</dt>
          <dd>{balance === undefined ? '–' : <Money amount={balance} />}</dd>
        </dl>
        <div className={styles.buttons}>
          <ButtonLink look="primary" href="/overview">
            {words.toOverview}
          </ButtonLink>
          <Button onClick={onAgain}>{words.startAgain}</Button>
          {receiptUrl && (
            <a className={styles.receipt} href={receiptUrl}>
              {words.doneReceipt}
            </a>
          )}
        </div>
      </Card>
    </div>
  );
}

function accessIn(gate: Schemas['Account']['gate']['state'], wasSuspended: boolean): string {
  if (gate === 'suspended') return words.doneSuspended;
  return wasSuspended ? words.doneResumed : words.doneRunning;
}
