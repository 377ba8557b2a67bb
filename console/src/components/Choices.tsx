/** One of several amounts, or an own one: native radio buttons, so that arrow keys and screen readers work as everywhere. */
import { useId } from 'react';
import { formatMoney } from '../format/money';
import { text } from '../text';
import styles from './Choices.module.css';
import { MoneyInput } from './Field';

export type Choice = {
  /** A preset, 'custom', or null while nothing is chosen: nothing that charges is chosen beforehand. */
  picked: string | null;
  custom: string;
};
export const NOTHING_CHOSEN: Choice = { picked: null, custom: '' };

/** The amount that is meant, as the API takes it; null while there is none. */
export const chosenAmount = ({ picked, custom }: Choice): string | null =>
  picked === 'custom' ? (custom.trim() === '' ? null : custom) : picked;

/** What a setting looks like here: the preset that it is, else an own amount. */
export const choiceOf = (amount: string | null, presets: readonly string[]): Choice =>
  amount === null
    ? NOTHING_CHOSEN
    : presets.includes(amount)
      ? { picked: amount, custom: '' }
      : { picked: 'custom', custom: amount };

type Props = {
  legend: string;
  presets: readonly string[];
  value: Choice;
  onChange: (value: Choice) => void;
  hint?: string | undefined;
  error?: string | undefined;
  disabled?: boolean;
};

export function Choices({ legend, presets, value, onChange, hint, error, disabled = false }: Props) {
  const id = useId();
  const option = (key: string, label: string) => (
    <label key={key} className={styles.option}>
      <input
        type="radio"
        name={id}
        value={key}
        checked={value.picked === key}
        onChange={() => onChange({ ...value, picked: key })}
      />
      <span>{label}</span>
    </label>
  );
  return (
    <fieldset className={styles.choices} disabled={disabled} aria-describedby={`${id}-hint`}>
      <legend>{legend}</legend>
      <div className={styles.row}>
        {presets.map((amount) => option(amount, shortMoney(amount)))}
        {option('custom', text.choices.custom)}
      </div>
      {value.picked === 'custom' && (
        <label className={styles.custom}>
          <span className="visually-hidden">{text.choices.customOf(legend)}</span>
          <MoneyInput
            value={value.custom}
            aria-invalid={error ? true : undefined}
            aria-describedby={`${id}-hint`}
            onChange={(event) => onChange({ picked: 'custom', custom: event.target.value })}
          />
        </label>
      )}
      <p id={`${id}-hint`} className={error ? styles.error : styles.hint} role={error ? 'alert' : undefined}>
        {error ?? hint}
      </p>
    </fieldset>
  );
}

const shortMoney = (amount: string): string => formatMoney(amount).replace(/\.00$/, '');
