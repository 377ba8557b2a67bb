/** What the API holds, as it is, behind a word that opens it. */
import styles from './Raw.module.css';

type Props = {
  label: string;
  /** Of which row: for the ear, where the word is there many times. */
  of: string;
  value: unknown;
};

export const Raw = ({ label, of, value }: Props) => (
  <details className={styles.raw}>
    <summary>
      {label} <span className="visually-hidden">{of}</span>
    </summary>
    <pre>{JSON.stringify(value, null, 2)}</pre>
  </details>
);
