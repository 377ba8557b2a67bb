/** Closes the account for good: only who types its id, and says what becomes of the money, can. */
import { useId, useState } from 'react';
import { api, data, type Schemas } from '../../api/client';
import { keys } from '../../api/keys';
import { ChangeDialog } from '../../components/ChangeDialog';
import { Field } from '../../components/Field';
import { Notice } from '../../components/Notice';
import { useChange } from '../../components/useChange';
import { formatMoney, isNegative, isZero } from '../../format/money';
import { text } from '../../text';
import styles from './Account.module.css';
import { ReasonField } from './ReasonField';

const words = text.accounts;
type Fate = 'refund' | 'forfeit';

export function CloseDialog({
  account: { id, name, balance },
  onClose,
}: {
  account: Schemas['Account'];
  onClose: () => void;
}) {
  const radio = useId();
  const [fate, setFate] = useState<Fate | null>(null);
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const owes = isNegative(balance);
  const hasMoney = !owes && !isZero(balance);
  const closing = useChange({
    name: words.closeTitle(name),
    change: async () => {
      const query = { reason, ...(hasMoney && fate !== null && { balance: fate }) };
      const closed = await data(api.DELETE('/v1/accounts/{id}', { params: { path: { id }, query } }));
      return 'closedAt' in closed
        ? words.closedNow(formatMoney(closed.refunded), formatMoney(closed.forfeited))
        : words.closing;
    },
    changes: [keys.account(id), ['accounts']],
    onDone: onClose,
  });
  return (
    <ChangeDialog
      title={words.closeTitle(name)}
      why={words.closeWhy}
      submit={words.acts.close}
      change={closing}
      isReady={typed === id && (!hasMoney || fate !== null)}
      onClose={onClose}
      isDanger
    >
      {owes && <Notice tone="warn">{words.closeOwes(formatMoney(balance))}</Notice>}
      {hasMoney && (
        <fieldset className={styles.fate}>
          <legend>{words.fate(formatMoney(balance))}</legend>
          {(['refund', 'forfeit'] as const).map((one) => (
            <label key={one}>
              <input type="radio" name={radio} checked={fate === one} onChange={() => setFate(one)} />
              {words.fates[one]}
            </label>
          ))}
        </fieldset>
      )}
      <ReasonField reason={reason} onReason={setReason} />
      <Field label={words.typeId(id)}>
        <input value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" spellCheck={false} />
      </Field>
    </ChangeDialog>
  );
}
