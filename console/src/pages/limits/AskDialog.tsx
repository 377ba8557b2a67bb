/** Asks the admins for more. Whether it can be raised so far is for the API to say. */
import { useState } from 'react';
import { api, data } from '../../api/client';
import { keys } from '../../api/keys';
import type { Limit } from '../../api/limits';
import { ChangeDialog } from '../../components/ChangeDialog';
import { Field } from '../../components/Field';
import { useChange } from '../../components/useChange';
import { limitAmount, limitName } from '../../features/limits/limitName';
import { typedCount } from '../../format/count';
import { text } from '../../text';

const words = text.limits;

export function AskDialog({ accountId, limit, onClose }: { accountId: string; limit: Limit; onClose: () => void }) {
  const [model, setModel] = useState(limit.model ?? '');
  const [requested, setRequested] = useState('');
  const [reason, setReason] = useState('');
  const isPerModel = limit.key === 'batch.enqueued_tokens';
  const asking = useChange({
    change: async () => {
      const body = {
        key: limit.key,
        requested: typedCount(requested),
        reason,
        ...(isPerModel && model !== '' && { model }),
      };
      await data(api.POST('/v1/accounts/{id}/limit-requests', { params: { path: { id: accountId } }, body }));
      return words.asked;
    },
    changes: [keys.topic(accountId, 'limits')],
    onDone: onClose,
  });
  return (
    <ChangeDialog
      title={words.askTitle(words.names[limit.key])}
      why={words.askWhy(`${limitAmount(limit.limit, limit)}${limit.model ? ` (${limitName(limit)})` : ''}`)}
      submit={words.ask}
      change={asking}
      onClose={onClose}
    >
      {isPerModel && (
        <Field label={words.model} hint={words.modelHint}>
          <input value={model} onChange={(event) => setModel(event.target.value)} autoComplete="off" />
        </Field>
      )}
      <Field label={words.requested}>
        <input
          value={requested}
          onChange={(event) => setRequested(event.target.value)}
          inputMode="numeric"
          autoComplete="off"
          required
        />
      </Field>
      <Field label={words.reason} hint={words.reasonHint}>
        <textarea value={reason} onChange={(event) => setReason(event.target.value)} rows={3} required />
      </Field>
    </ChangeDialog>
  );
}
