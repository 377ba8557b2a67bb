/** How much of a limit is in use. Drawn as SVG: its width is an attribute, where a style would need the CSP's leave. */
import styles from './Bar.module.css';

/** @param label says it in words, for who can't see it */
export function Bar({ used, limit, label }: { used: number; limit: number; label: string }) {
  const percent = limit === 0 ? 100 : Math.min(100, (100 * used) / limit);
  const tone = percent >= 100 ? styles.full : percent >= 80 ? styles.high : styles.fine;
  return (
    <svg className={styles.bar} role="img" aria-label={label} width="100%" height="8">
      <rect className={styles.rest} width="100%" height="8" rx="4" />
      {/* What is not zero is seen, however little it is. */}
      {used > 0 && <rect className={tone} width={`${Math.max(1, percent)}%`} height="8" rx="4" />}
    </svg>
  );
}
