import { CircleAlert } from 'lucide-react';
import { text } from '../text';
import { dismissToast, useToasts } from './toast';
import styles from './Toasts.module.css';

/** Where toasts appear; screen readers are told politely, and of a failure at once. */
export function Toasts() {
  const toasts = useToasts();
  return (
    <div className={styles.toasts} role="status" aria-live="polite">
      {toasts.map(({ id, words, kind }) => (
        <p key={id} role={kind === 'failure' ? 'alert' : undefined} className={styles[kind]}>
          {kind === 'failure' && <CircleAlert size={18} aria-hidden="true" />}
          <span>{words}</span>
          <button type="button" onClick={() => dismissToast(id)}>
            {text.dialog.dismiss}
          </button>
        </p>
      ))}
    </div>
  );
}
