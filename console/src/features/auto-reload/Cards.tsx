import type { Schemas } from '../../api/client';
import { text } from '../../text';
import { cardNames } from '../payment/card';
import styles from './AutoReload.module.css';

const words = text.autoReload;

/** Which card is charged, and which after it (A6). */
export function Cards({ methods }: { methods: readonly Schemas['PaymentMethod'][] }) {
  const primary = methods.find(({ role }) => role === 'primary');
  const backup = methods.find(({ role }) => role === 'backup');
  const names = cardNames(methods);
  return (
    primary && (
      <p className={styles.quiet}>
        {words.card(names.get(primary.id)!)} {backup && words.backup(names.get(backup.id)!)}
      </p>
    )
  );
}
