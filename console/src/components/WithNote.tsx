import type { ReactNode } from 'react';
import styles from './WithNote.module.css';

/** A state, an address or the like, with what is to be said about it below. */
export const WithNote = ({ children }: { children: ReactNode }) => <span className={styles.status}>{children}</span>;
