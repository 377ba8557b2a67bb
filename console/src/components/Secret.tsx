/** A secret that is shown once: to be copied, and gone when its window is closed. */
import { Check, Copy } from 'lucide-react';
import { useRef, useState } from 'react';
import { text } from '../text';
import { Button } from './Button';
import { Dialog } from './Dialog';
import { Field } from './Field';
import { Notice } from './Notice';
import styles from './Secret.module.css';

const words = text.secret;
type Props = {
  title: string;
  label: string;
  secret: string;
  /** What it is for, and what to do when it is lost. */
  why: string;
  onClose: () => void;
};

export function SecretDialog({ title, label, secret, why, onClose }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    input.current?.select();
    // Where the browser gives no clipboard (plain http from elsewhere), it is selected for Ctrl-C.
    await navigator.clipboard?.writeText(secret).then(
      () => setCopied(true),
      () => {},
    );
  };
  return (
    <Dialog title={title} isOpen isForm onClose={onClose}>
      <Notice tone="warn">{words.once}</Notice>
      <Field label={label} hint={why}>
        <input
          ref={input}
          className={styles.secret}
          readOnly
          value={secret}
          onFocus={(event) => event.target.select()}
        />
      </Field>
      <div className={styles.buttons}>
        <Button look="primary" onClick={() => void copy()}>
          {isCopied ? <Check size={16} aria-hidden="true" /> : <Copy size={16} aria-hidden="true" />}
          {isCopied ? words.copied : words.copy}
        </Button>
        <Button onClick={onClose}>{words.done}</Button>
      </div>
    </Dialog>
  );
}
