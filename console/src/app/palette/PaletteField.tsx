/** Where one types what one looks for. It takes the focus when it appears. */
import { useEffect, useRef, type InputHTMLAttributes } from 'react';
import { useSession } from '../../session/session';
import { text } from '../../text';
import styles from './Palette.module.css';

const words = text.palette;

export function PaletteField(props: InputHTMLAttributes<HTMLInputElement>) {
  const { role, accounts } = useSession();
  // Who has one account is led to no other.
  const hasAccounts = role === 'admin' || accounts.length > 1;
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    field.current?.focus();
  }, []);
  return (
    <input
      {...props}
      ref={field}
      className={styles.field}
      type="text"
      role="combobox"
      aria-label={hasAccounts ? words.labelWithAccounts : words.label}
      aria-expanded={props['aria-controls'] !== undefined}
      autoComplete="off"
      spellCheck={false}
      placeholder={hasAccounts ? words.placeholderWithAccounts : words.placeholder}
    />
  );
}
