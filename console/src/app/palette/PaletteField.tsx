/** Where one types what one looks for. It takes the focus when it appears. */
import type { InputHTMLAttributes } from 'react';
import { useSession } from '../../session/session';
import { text } from '../../text';
import styles from './Palette.module.css';

const words = text.palette;

/** The window that it is in begins with it as it opens: by an effect, which comes later, keys that are pressed before are lost. */
const beginHere = (field: HTMLInputElement | null): void => field?.setAttribute('autofocus', '');

export function PaletteField(props: InputHTMLAttributes<HTMLInputElement>) {
  const { role, accounts } = useSession();
  // Who has one account is led to no other.
  const hasAccounts = role === 'admin' || accounts.length > 1;
  return (
    <input
      {...props}
      ref={beginHere}
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
