import { isLost } from '../../api/problem';
import { Button } from '../../components/Button';
import { Notice } from '../../components/Notice';
import type { Sent } from '../../features/payment/intent';
import { formatMoney, looksLikeAmount } from '../../format/money';
import { text } from '../../text';
import styles from './Pay.module.css';

type Props = { sent: Sent; error: Error | null; onFinish: () => void; onDiscard: () => void };

/** A payment of which no clear answer has come, here or in another tab: sent again under its key, it is made once. */
export function UnfinishedPayment({ sent: { amount, methodId }, error, onFinish, onDiscard }: Props) {
  const shown = looksLikeAmount(amount) ? formatMoney(amount) : amount;
  const isAtProvider = methodId === null;
  return (
    <Notice
      tone="warn"
      action={
        <span className={styles.buttons}>
          <Button look="primary" onClick={onFinish}>
            {isAtProvider ? text.pay.resumeAtProvider : text.pay.resume}
          </Button>
          <Button onClick={onDiscard}>{text.pay.startAgain}</Button>
        </span>
      }
    >
      {isAtProvider
        ? text.pay.atProvider(shown)
        : error === null
          ? text.pay.resumed(shown)
          : isLost(error)
            ? text.pay.lost
            : `${error.message} ${text.pay.unclear}`}
    </Notice>
  );
}
