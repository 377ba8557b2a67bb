import { useQuery } from '@tanstack/react-query';
import { Button } from '../../components/Button';
import { Card } from '../../components/Card';
import { Notice } from '../../components/Notice';
import { PaymentStatus } from '../../components/PaymentStatus';
import { Loaded } from '../../components/States';
import type { Schemas } from '../../api/client';
import { prepaymentQuery } from '../../api/payments';
import { noteAway } from '../../features/payment/intent';
import { formatMoney } from '../../format/money';
import { useAccountId } from '../../session/session';
import { text } from '../../text';
import type { Known } from './known';
import { PaidReceipt } from './PaidReceipt';
import styles from './Pay.module.css';

const words = text.pay;
const ASK_AGAIN_MS = 3_000;
const WAITING: readonly string[] = ['processing', 'requires_action'];
type Props = { id: string; known: Known | null; onAgain: () => void };

/** A payment that was made, or that waits for the bank or for its owner: followed until it is decided. */
export function FollowedPayment({ id, known, onAgain }: Props) {
  const accountId = useAccountId();
  const query = useQuery({
    ...prepaymentQuery(accountId, id),
    refetchInterval: ({ state: { data } }) =>
      data === undefined || WAITING.includes(data.status) ? ASK_AGAIN_MS : false,
  });
  return (
    <div className={styles.column}>
      <Loaded query={query} lines={6} card={words.payment}>
        {(payment) =>
          payment.status === 'succeeded' ? (
            <PaidReceipt payment={payment} known={known} onAgain={onAgain} />
          ) : (
            <Undecided payment={payment} url={payment.url ?? known?.url ?? null} onAgain={onAgain} />
          )
        }
      </Loaded>
    </div>
  );
}

type UndecidedProps = { payment: Schemas['Prepayment']; url: string | null; onAgain: () => void };

function Undecided({ payment: { id, status, amount, detail, unpaidAtCheckout }, url, onAgain }: UndecidedProps) {
  const accountId = useAccountId();
  const isOver = !WAITING.includes(status);
  return (
    <Card
      title={words.followed(formatMoney(amount))}
      note={<PaymentStatus status={unpaidAtCheckout ? 'unpaid' : status} />}
    >
      {isOver ? (
        <Notice tone="bad">
          {detail} {words.declinedNext}
        </Notice>
      ) : unpaidAtCheckout ? (
        <Notice
          tone="warn"
          action={
            url !== null && (
              <a href={url} onClick={() => noteAway(accountId, id)}>
                {words.resumeAtProvider}
              </a>
            )
          }
        >
          {words.unpaid(formatMoney(amount))}
        </Notice>
      ) : status === 'processing' || url === null ? (
        <Notice tone="info">{words.processing}</Notice>
      ) : (
        <Notice tone="warn" action={<a href={url}>{words.confirmAction}</a>}>
          {words.confirm(formatMoney(amount))}
        </Notice>
      )}
      <div className={styles.buttons}>
        <Button onClick={onAgain}>{words.startAgain}</Button>
      </div>
    </Card>
  );
}
