/** Where one types what one looks for. It takes the focus when it appears. */
import { useEffect, useRef, type InputHTMLAttributes } from 'react';
import { text } from '../../text';
import styles from './Palette.module.css';

export function PaletteField(props: InputHTMLAttributes<HTMLInputElement>) {
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
      aria-label={text.palette.label}
      aria-expanded={props['aria-controls'] !== undefined}
      autoComplete="off"
      spellCheck={false}
      placeholder={text.palette.placeholder}
    />
  );
}
