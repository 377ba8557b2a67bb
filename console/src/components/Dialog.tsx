/** A window on top of the page: the browser's own, which keeps the focus inside, gives it back, and closes by Escape. */
import { X } from 'lucide-react';
import { useId, useLayoutEffect, useRef, type ReactNode } from 'react';
import { text } from '../text';
import styles from './Dialog.module.css';
import { focusPart, partOf } from './keptFocus';
import { putOnTop } from './topmost';

type Props = {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  /** A click outside never closes what somebody types into. @default false */
  isForm?: boolean;
  isWide?: boolean;
  children: ReactNode;
};

/** The end of a window, with what is done there: it stays in sight however long the window is. Its last element. */
export const DialogFoot = ({ children }: { children: ReactNode }) => <div className={styles.foot}>{children}</div>;

const FIELDS = 'input:enabled, select:enabled, textarea:enabled';

/** What is opened to be filled in begins with its first field, also when that comes later than the window. @returns stops it */
function beginAtFirstField(dialog: HTMLDialogElement): () => void {
  const watch = new MutationObserver(() => begin());
  const begin = (): void => {
    const field = dialog.querySelector<HTMLElement>(FIELDS);
    if (field === null) return;
    watch.disconnect();
    const at = document.activeElement;
    // Whoever has gone on to something else stays there.
    if (at === document.body || at === dialog || at?.matches(`.${styles.close}`)) field.focus();
  };
  watch.observe(dialog, { childList: true, subtree: true });
  begin();
  return () => watch.disconnect();
}

export const Dialog = ({ isOpen, ...props }: Props) => (isOpen ? <OpenDialog {...props} /> : null);

function OpenDialog({ title, onClose, isForm = false, isWide = false, children }: Omit<Props, 'isOpen'>) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const dialog = ref.current!;
    const part = partOf(document.activeElement);
    dialog.showModal();
    // The browser would take the button that closes it.
    const stop = isForm ? beginAtFirstField(dialog) : undefined;
    const takeOff = putOnTop(dialog);
    // Closed before it leaves the page: only then does the browser give the focus back to where it was.
    return () => {
      stop?.();
      takeOff();
      dialog.close();
      // What opened it may be gone by now.
      if (document.activeElement === document.body) focusPart(part);
    };
  }, []);
  return (
    <dialog
      ref={ref}
      className={`${styles.dialog} ${isWide ? styles.wide : ''}`}
      aria-labelledby={id}
      onClose={onClose}
      onClick={(event) => {
        if (!isForm && event.target === ref.current) onClose();
      }}
    >
      <div className={styles.inside}>
        <div className={styles.head}>
          <h2 id={id}>{title}</h2>
          <button type="button" className={styles.close} aria-label={text.dialog.close} onClick={onClose}>
            <X size={18} aria-hidden="true" />
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
