/** An amount: cents for reading, every digit on hover and on focus. */
import { formatExact, formatMoney } from '../format/money';
import styles from './Money.module.css';

type Props = { amount: string; /** A plus before what came in. */ isSigned?: boolean };

export function Money({ amount, isSigned = false }: Props) {
  const short = formatMoney(amount);
  const exact = formatExact(amount);
  const shown = isSigned && !amount.startsWith('-') ? `+${short}` : short;
  if (short === exact) return <span className={styles.money}>{shown}</span>;
  return (
    <span className={styles.exact} tabIndex={0} role="note" aria-label={exact} data-exact={exact}>
      {shown}
    </span>
  );
}
