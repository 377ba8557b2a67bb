/** Amount and method. Nothing is chosen beforehand that charges; what the payment does is said before it is made. */
import { useState } from 'react';
import type { Schemas } from '../../api/client';
import { ProblemError } from '../../api/problem';
import { Button } from '../../components/Button';
import { Card } from '../../components/Card';
import { commaFault, Field, MoneyInput } from '../../components/Field';
import { Money } from '../../components/Money';
import { cardNames, expiryOf } from '../../features/payment/card';
import type { Sent } from '../../features/payment/intent';
import { addMoney, formatMoney, looksLikeAmount, typedAmount } from '../../format/money';
import { text } from '../../text';
import styles from './Pay.module.css';

const words = text.pay;
const PROVIDER = 'provider';

type Props = {
  methods: readonly Schemas['PaymentMethod'][];
  account: Schemas['Account'] | undefined;
  /** What may be paid, as the API says; undefined until it is known. */
  range: { min: string; max: string } | undefined;
  isRunning: boolean;
  /** An earlier payment comes first. */
  isLocked: boolean;
  error: Error | null;
  onPay: (sent: Sent) => void;
};

export function PayForm({ methods, account, range, isRunning, isLocked, error, onPay }: Props) {
  const [typed, setTyped] = useState('');
  const primary = methods.find(({ role, usable }) => role === 'primary' && usable);
  const [picked, setPicked] = useState(primary?.id ?? PROVIDER);
  const amount = looksLikeAmount(typed) ? typedAmount(typed) : null;
  const problem = commaFault(typed) ?? (error instanceof ProblemError ? error.fields.get('amount') : undefined);
  // What the balance is after it is known before it is paid; what is no amount is refused by the API.
  const isReady = !isLocked && account !== undefined && commaFault(typed) === undefined;
  return (
    <form
      className={styles.column}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isRunning && isReady && typed.trim() !== '')
          onPay({ amount: typedAmount(typed), methodId: picked === PROVIDER ? null : picked });
      }}
    >
      <Card title={words.howMuch}>
        <Field
          label={words.amount}
          hint={range ? words.amountFrom(formatMoney(range.min), formatMoney(range.max)) : words.amountHint}
          error={problem}
        >
          <MoneyInput value={typed} required readOnly={isRunning} onChange={(event) => setTyped(event.target.value)} />
        </Field>
      </Card>
      <Methods methods={methods} picked={picked} onPick={setPicked} isRunning={isRunning} />
      <Card title={words.summary}>
        <Summary amount={amount} balance={account?.balance} />
        <div className={styles.buttons}>
          <Button type="submit" look="primary" isRunning={isRunning} disabled={!isReady}>
            {amount === null
              ? words.chooseFirst
              : picked === PROVIDER
                ? words.continueWith(formatMoney(amount))
                : words.submit(formatMoney(amount))}
          </Button>
        </div>
        {isRunning && <p role="status">{words.running}</p>}
      </Card>
    </form>
  );
}

type MethodsProps = Pick<Props, 'methods' | 'isRunning'> & {
  picked: string;
  onPick: (id: string) => void;
};

function Methods({ methods, picked, onPick, isRunning }: MethodsProps) {
  const names = cardNames(methods);
  const option = (id: string, label: string, note: string) => (
    <label key={id} className={styles.method}>
      <input type="radio" name="method" value={id} checked={picked === id} onChange={() => onPick(id)} />
      <span>
        <b>{label}</b>
        <small>{note}</small>
      </span>
    </label>
  );
  return (
    <Card title={words.method}>
      <fieldset className={styles.methods} disabled={isRunning}>
        <legend className="visually-hidden">{words.method}</legend>
        {methods.map((method) => {
          const name = names.get(method.id)!;
          return option(method.id, name, noteOf(method, name));
        })}
        {option(PROVIDER, words.thirdParty, words.thirdPartyHint)}
      </fieldset>
    </Card>
  );
}

/** What its name does not say already. */
function noteOf(method: Schemas['PaymentMethod'], name: string): string {
  const expiry = expiryOf(method);
  const role = method.role && words.roles[method.role];
  const expires = expiry && !name.includes(expiry) && words.expiring(expiry);
  const declined = method.usable ? method.lastCharge?.outcome === 'declined' && words.declinedLast : words.unusable;
  return asSentence([role, expires, declined].filter(Boolean).join(' · '));
}

const asSentence = (note: string): string => note.charAt(0).toUpperCase() + note.slice(1);

function Summary({ amount, balance }: { amount: string | null; balance: string | undefined }) {
  return (
    <dl className={styles.summary}>
      <dt>{words.balanceNow}</dt>
      <dd>{balance === undefined ? '–' : <Money amount={balance} />}</dd>
      <dt>{words.total}</dt>
      <dd className={styles.total}>{amount === null ? '–' : <Money amount={amount} />}</dd>
      <dt>{words.balanceThen}</dt>
      <dd>{amount === null || balance === undefined ? '–' : <Money amount={addMoney(balance, amount)} />}</dd>
    </dl>
  );
}
