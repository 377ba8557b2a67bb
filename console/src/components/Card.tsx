/** A part of a page, with its heading and at most one action. */
import { useId, type ReactNode } from 'react';
import styles from './Card.module.css';

type Props = {
  title: string;
  /** Where the page's own heading says the same: only screen readers hear it. @default false */
  isTitleHidden?: boolean;
  note?: ReactNode;
  action?: ReactNode;
  children: ReactNode;
};

export function Card({ title, isTitleHidden = false, note, action, children }: Props) {
  const id = useId();
  return (
    <section className={styles.card} aria-labelledby={id}>
      <header className={isTitleHidden && !note && !action ? 'visually-hidden' : styles.head}>
        <h2 id={id} className={isTitleHidden ? 'visually-hidden' : undefined}>
          {title}
        </h2>
        {note && <span className={styles.note}>{note}</span>}
        {action && <div className={styles.action}>{action}</div>}
      </header>
      {children}
    </section>
  );
}

/** A card that says what became of a whole page: the page's own heading is its heading. */
export const PageCard = ({ children }: { children: ReactNode }) => <div className={styles.card}>{children}</div>;

/** The heading of a page. */
export function PageHead({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <header className={styles.pageHead}>
      <h1>{title}</h1>
      {children}
    </header>
  );
}
