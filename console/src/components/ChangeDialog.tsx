/** A window that changes something: what will happen, the fields that it needs, and a button that says what it does. */
import type { FormEvent, ReactNode } from 'react';
import type { Kept } from '../api/intent';
import { isUnheard } from '../api/problem';
import { text } from '../text';
import { Button } from './Button';
import styles from './ChangeDialog.module.css';
import { Dialog, DialogFoot } from './Dialog';
import { Problem } from './Problem';
import { Unanswered } from './Unanswered';

type Props = {
  title: string;
  /** What will happen. */
  why: ReactNode;
  /** What the button says. @default the title */
  submit?: string;
  change: { mutate: () => void; isPending: boolean; error: Error | null };
  onClose: () => void;
  /** It can't be undone. */
  isDanger?: boolean;
  /** False while something is missing that the person must say. @default true */
  isReady?: boolean;
  /** Of what moves money: what was sent before without an answer comes first, and its fields stay as they were sent. */
  kept?: Pick<Kept<unknown>, 'unanswered' | 'giveUp'>;
  /** The fields; without any, this only asks. */
  children?: ReactNode;
};

export function ChangeDialog({
  title,
  why,
  submit = title,
  change,
  onClose,
  isDanger = false,
  isReady = true,
  kept,
  children,
}: Props) {
  const isUnanswered = kept !== undefined && kept.unanswered !== null && !change.isPending;
  const send = (event: FormEvent): void => {
    event.preventDefault();
    if (!change.isPending && isReady) change.mutate();
  };
  return (
    <Dialog title={title} isOpen isForm={children !== undefined} onClose={onClose}>
      <form className={styles.form} onSubmit={send}>
        <div className={styles.why}>{why}</div>
        {kept ? (
          <fieldset className={styles.fields} disabled={isUnanswered}>
            {children}
          </fieldset>
        ) : (
          children
        )}
        {isUnanswered && <Unanswered onGiveUp={kept.giveUp} />}
        {!(isUnanswered && isUnheard(change.error)) && <Problem error={change.error} />}
        <DialogFoot>
          <div className={styles.buttons}>
            <Button
              type="submit"
              look={isDanger ? 'danger' : 'primary'}
              isRunning={change.isPending}
              disabled={!isReady}
            >
              {submit}
            </Button>
            <Button onClick={onClose}>{text.dialog.cancel}</Button>
          </div>
        </DialogFoot>
      </form>
    </Dialog>
  );
}
