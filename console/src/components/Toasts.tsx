import { text } from '../text';
import { dismissToast, useToasts } from './toast';
import styles from './Toasts.module.css';

/** Where toasts appear; screen readers are told politely. */
export function Toasts() {
  const toasts = useToasts();
  return (
    <div className={styles.toasts} role="status" aria-live="polite">
      {toasts.map(({ id, words }) => (
        <p key={id}>
          {words}
          <button type="button" onClick={() => dismissToast(id)}>
            {text.dialog.dismiss}
          </button>
        </p>
      ))}
    </div>
  );
}
