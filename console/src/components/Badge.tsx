/** A state in a word; the word says it, the colour only helps. */
import type { ReactNode } from 'react';
import styles from './Badge.module.css';
import type { Tone } from './Notice';
import tones from './Tone.module.css';

export function Badge({ tone, children }: { tone: Tone | 'plain'; children: ReactNode }) {
  return <span className={`${styles.badge} ${tones[tone]}`}>{children}</span>;
}
