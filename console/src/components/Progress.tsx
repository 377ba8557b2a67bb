/** How much of something is done: the browser's own bar, with its figures beside it. */
import type { ReactNode } from 'react';
import styles from './Progress.module.css';

type Props = { label: string; done: number; total: number; children: ReactNode };

export const Progress = ({ label, done, total, children }: Props) => (
  <span className={styles.progress}>
    <progress aria-label={label} value={done} max={Math.max(total, 1)} />
    <span className={styles.words}>{children}</span>
  </span>
);
