/** A sentence that must not be missed: what is wrong, what was done, what comes next. */
import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import styles from './Notice.module.css';
import tones from './Tone.module.css';

export type Tone = 'info' | 'good' | 'warn' | 'bad';
const ICONS = { info: Info, good: CircleCheck, warn: TriangleAlert, bad: CircleAlert };

export function Notice({ tone, children, action }: { tone: Tone; children: ReactNode; action?: ReactNode }) {
  const Icon = ICONS[tone];
  return (
    <div className={`${styles.notice} ${tones[tone]}`} role={tone === 'bad' ? 'alert' : 'status'}>
      <div className={styles.said}>
        <Icon size={18} aria-hidden="true" />
        <div className={styles.words}>{children}</div>
      </div>
      {action}
    </div>
  );
}
