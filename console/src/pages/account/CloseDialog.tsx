/** Closes the account for good: only who types its id, and says what becomes of the money, can. */
import { useId, useState } from 'react';
import { api, data, type Schemas } from '../../api/client';
import { keys } from '../../api/keys';
import { ChangeDialog } from '../../components/ChangeDialog';
import { Field } from '../../components/Field';
import { useChange } from '../../components/useChange';
import { formatMoney, isZero } from '../../format/money';
import { text } from '../../text';
import styles from './Account.module.css';

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
  const hasMoney = !isZero(balance);
  const closing = useChange({
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
      submit={words.close}
      change={closing}
      isReady={typed === id && (!hasMoney || fate !== null)}
      onClose={onClose}
      isDanger
    >
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
      <Field label={words.reason} hint={words.reasonHint}>
        <input value={reason} onChange={(event) => setReason(event.target.value)} required />
      </Field>
      <Field label={words.typeId(id)}>
        <input value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" spellCheck={false} />
      </Field>
    </ChangeDialog>
  );
}
