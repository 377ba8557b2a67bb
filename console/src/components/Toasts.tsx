import { CircleAlert } from 'lucide-react';
import { createPortal } from 'react-dom';
import { text } from '../text';
import { dismissToast, useToasts } from './toast';
import styles from './Toasts.module.css';
import { useTopmost } from './topmost';

/** Where toasts appear, also on top of a window; screen readers are told politely, and of a failure at once. */
export function Toasts() {
  const toasts = useToasts();
  const top = useTopmost();
  const list = (
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
  return top === null ? list : createPortal(list, top);
}
