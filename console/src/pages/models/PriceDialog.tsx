/** A new price version. It begins with the model's last prices; when it may begin is for the API to say. */
import { useState } from 'react';
import { api, data } from '../../api/client';
import { MODELS, type Model } from '../../api/models';
import { ChangeDialog } from '../../components/ChangeDialog';
import { commaFault, Field, MoneyInput } from '../../components/Field';
import { useChange } from '../../components/useChange';
import { utcDay } from '../../format/time';
import { text } from '../../text';
import styles from './Models.module.css';
import { fieldsOf, toPrice } from './priceFields';

const words = text.operations.models;

export function PriceDialog({ model, onClose }: { model: Model; onClose: () => void }) {
  const last = model.prices.at(-1);
  // Tomorrow, at the beginning of the UTC day.
  const [from, setFrom] = useState(`${utcDay(new Date(), -1)}T00:00`);
  const [amounts, setAmounts] = useState(() => fieldsOf(model, last));
  const adding = useChange({
    name: words.addTitle(model.id),
    change: async () => {
      // Read anew: another admin's price must not be taken away by a list that is older than it.
      const { data: models } = await data(api.GET('/v1/models'));
      const now = models.find(({ id }) => id === model.id) ?? model;
      const prices = [...now.prices, toPrice(`${from}:00Z`, amounts)];
      await data(api.PUT('/v1/models/{id}', { params: { path: { id: model.id } }, body: { ...now, prices } }));
      return words.added(model.id);
    },
    changes: [MODELS],
    onDone: onClose,
  });
  return (
    <ChangeDialog
      title={words.addTitle(model.id)}
      why={words.addWhy}
      submit={words.add}
      change={adding}
      isReady={amounts.every(({ amount }) => commaFault(amount) === undefined)}
      onClose={onClose}
    >
      <Field label={words.begins}>
        <input type="datetime-local" value={from} onChange={(event) => setFrom(event.target.value)} required />
      </Field>
      <div className={styles.fields}>
        {amounts.map(({ name, label, isRequired, amount }) => (
          <Field key={name} label={label} {...(!isRequired && { hint: words.empty })} error={commaFault(amount)}>
            <MoneyInput
              value={amount}
              required={isRequired}
              onChange={(event) =>
                setAmounts(amounts.map((one) => (one.name === name ? { ...one, amount: event.target.value } : one)))
              }
            />
          </Field>
        ))}
      </div>
    </ChangeDialog>
  );
}
