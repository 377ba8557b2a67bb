import { useQuery } from '@tanstack/react-query';
import { accountQuery } from '../../api/queries';
import { Button } from '../../components/Button';
import { Card } from '../../components/Card';
import { Notice } from '../../components/Notice';
import { PaymentStatus } from '../../components/PaymentStatus';
import { formatMoney } from '../../format/money';
import { useAccountId } from '../../session/session';
import { text } from '../../text';
import { PaidReceipt, prepaymentQuery } from './PaidReceipt';
import styles from './Pay.module.css';

const words = text.pay;
const ASK_AGAIN_MS = 3_000;
type Props = { id: string; amount: string; url: string | null; wasSuspended: boolean; onAgain: () => void };

/** A payment that waits for the bank or for its owner: followed until it is decided. */
export function OpenPayment({ id, amount, url, wasSuspended, onAgain }: Props) {
  const accountId = useAccountId();
  const balance = useQuery(accountQuery(accountId)).data?.balance;
  const { data: payment } = useQuery({
    ...prepaymentQuery(accountId, id),
    refetchInterval: ({ state }) =>
      state.data === undefined || ['processing', 'requires_action'].includes(state.data.status) ? ASK_AGAIN_MS : false,
  });
  const status = payment?.status ?? 'processing';
  if (status === 'succeeded' && balance !== undefined)
    return <PaidReceipt {...{ id, amount, balance, wasSuspended, onAgain }} />;
  const isOver = status === 'failed' || status === 'canceled';
  return (
    <div className={styles.column}>
      <Card title={words.total} note={<PaymentStatus status={status} />}>
        {isOver ? (
          <Notice tone="bad">{payment?.detail ?? words.declinedNext}</Notice>
        ) : url === null ? (
          <Notice tone="info">{words.processing}</Notice>
        ) : (
          <Notice tone="warn" action={<a href={url}>{words.confirmAction}</a>}>
            {words.confirm(formatMoney(amount))}
          </Notice>
        )}
        {isOver && (
          <div className={styles.buttons}>
            <Button onClick={onAgain}>{words.startAgain}</Button>
          </div>
        )}
      </Card>
    </div>
  );
}
