import { Button } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { formatMoney, looksLikeAmount } from '../../format/money';
import { text } from '../../text';
import styles from './Pay.module.css';

type Props = { amount: string; isLost: boolean; onFinish: () => void; onDiscard: () => void };

/** A payment of which no clear answer has come, here or in another tab: sent again under its key, it is made once. */
export function UnfinishedPayment({ amount, isLost, onFinish, onDiscard }: Props) {
  const shown = looksLikeAmount(amount) ? formatMoney(amount) : amount;
  return (
    <Notice
      tone="warn"
      action={
        <span className={styles.buttons}>
          <Button look="primary" onClick={onFinish}>
            {text.pay.resume}
          </Button>
          <Button onClick={onDiscard}>{text.pay.startAgain}</Button>
        </span>
      }
    >
      {isLost ? text.pay.lost : text.pay.resumed(shown)}
    </Notice>
  );
}
