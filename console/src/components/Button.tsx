/** A button; locked while what it began is running, so that a second click begins nothing. */
import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { Link } from 'wouter';
import styles from './Button.module.css';
import { useKeptFocus } from './keptFocus';

type Look = 'primary' | 'plain' | 'quiet' | 'danger';
type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
  /** @default plain */
  look?: Look;
  isRunning?: boolean;
};

const classOf = (look: Look): string => (look === 'plain' ? styles.button! : `${styles.button} ${styles[look]}`);

export function Button({ look = 'plain', isRunning = false, type = 'button', children, ...rest }: Props) {
  const ref = useKeptFocus<HTMLButtonElement>();
  return (
    <button
      {...rest}
      ref={ref}
      type={type}
      className={classOf(look)}
      disabled={rest.disabled}
      aria-disabled={isRunning || undefined}
      aria-busy={isRunning || undefined}
      onClick={(event) => {
        // Still focusable, so that the keyboard does not lose its place; but nothing is begun.
        if (isRunning) return event.preventDefault();
        rest.onClick?.(event);
      }}
    >
      {children}
      {isRunning && <span className={styles.spinner} aria-hidden="true" />}
    </button>
  );
}

/** Looks like a button and leads to a page. */
export function ButtonLink({ look = 'plain', href, children }: { look?: Look; href: string; children: ReactNode }) {
  return (
    <Link href={href} className={classOf(look)}>
      {children}
    </Link>
  );
}
