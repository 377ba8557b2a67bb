/** A labelled control with its hint and its error, tied together for screen readers. */
import { cloneElement, useId, type InputHTMLAttributes, type ReactElement } from 'react';
import { typedCount } from '../format/count';
import { hasStrayComma } from '../format/money';
import { text } from '../text';
import styles from './Field.module.css';

type Props = {
  label: string;
  hint?: string;
  error?: string | undefined;
  children: ReactElement<InputHTMLAttributes<HTMLInputElement>>;
};

export function Field({ label, hint, error, children }: Props) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined;
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {cloneElement(children, {
        id,
        'aria-describedby': described,
        'aria-invalid': error ? true : undefined,
      })}
      {hint && (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className={styles.error} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

/** What is wrong with an amount whose comma may mean cents, as in `12,50`: no such amount is sent. Undefined: nothing. */
export const commaFault = (typed: string): string | undefined =>
  hasStrayComma(typed) ? text.amounts.strayComma : undefined;

/** What is wrong with a number of which there is something typed. Undefined: nothing. */
export const countFault = (typed: string): string | undefined =>
  typed.trim() !== '' && Number.isNaN(typedCount(typed)) ? text.amounts.notWhole : undefined;

/** An amount in dollars, typed as text: nothing rounds it on its way. */
export function MoneyInput(props: InputHTMLAttributes<HTMLInputElement>) {
  return (
    <span className={styles.money}>
      <span aria-hidden="true">$</span>
      <input {...props} type="text" inputMode="decimal" autoComplete="off" maxLength={20} />
    </span>
  );
}
