/** What may be done with one row of a table. */
import type { ReactNode } from 'react';
import { text } from '../text';
import { useKeptFocus } from './keptFocus';
import styles from './RowActions.module.css';

export const RowActions = ({ children }: { children: ReactNode }) => <span className={styles.actions}>{children}</span>;

/** @param of which row: controls that have the same name could not be told apart by ear */
export function RowAction({ label, of, onClick }: { label: string; of: string; onClick: () => void }) {
  const ref = useKeptFocus<HTMLButtonElement>();
  return (
    <button ref={ref} type="button" aria-label={text.table.actionFor(label, of)} onClick={onClick}>
      {label}
    </button>
  );
}

/** Leads to a file, which is saved. */
export const RowDownload = ({ label, of, href }: { label: string; of: string; href: string }) => (
  <a href={href} download aria-label={text.table.actionFor(label, of)}>
    {label}
  </a>
);
