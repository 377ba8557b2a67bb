/** Asks the admins for more. Whether it can be raised so far is for the API to say. */
import { useState } from 'react';
import { api, data } from '../../api/client';
import { keys } from '../../api/keys';
import type { Limit } from '../../api/limits';
import { ChangeDialog } from '../../components/ChangeDialog';
import { countFault, Field } from '../../components/Field';
import { useChange } from '../../components/useChange';
import { limitAmount } from '../../features/limits/limitName';
import { typedCount } from '../../format/count';
import { text } from '../../text';
import { keyOf, nameOf } from './columns';

const words = text.limits;

type Props = {
  accountId: string;
  /** Those that can be raised. */
  limits: readonly Limit[];
  /** Which one was asked for, by its name in the address; null: none yet. */
  chosen: string | null;
  onClose: () => void;
};

export function AskDialog({ accountId, limits, chosen, onClose }: Props) {
  const [picked, setPicked] = useState(chosen ?? '');
  const limit = limits.find((one) => keyOf(one) === picked);
  const [typedModel, setModel] = useState<string | null>(null);
  const model = typedModel ?? limit?.model ?? '';
  const [requested, setRequested] = useState('');
  const [reason, setReason] = useState('');
  const isPerModel = limit?.key === 'batch.enqueued_tokens';
  const asking = useChange({
    name: words.ask,
    change: async () => {
      const body = {
        key: limit!.key,
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
      title={words.ask}
      why={limit ? words.askWhy(limitAmount(limit.limit, limit)) : words.askWhyAny}
      change={asking}
      isReady={limit !== undefined && countFault(requested) === undefined}
      onClose={onClose}
    >
      <Field label={words.columns.name}>
        <select value={picked} onChange={(event) => setPicked(event.target.value)} required>
          {limit === undefined && <option value="">{words.choose}</option>}
          {limits.map((one) => (
            <option key={keyOf(one)} value={keyOf(one)}>
              {nameOf(one)}
            </option>
          ))}
        </select>
      </Field>
      {isPerModel && (
        <Field label={words.model} hint={words.modelHint}>
          <input value={model} onChange={(event) => setModel(event.target.value)} autoComplete="off" />
        </Field>
      )}
      <Field label={words.requested} {...(limit && hintOf(limit))} error={countFault(requested)}>
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

/** How far it can be raised, as the API says. */
const hintOf = (limit: Limit): { hint?: string } =>
  limit.raisableTo === null ? {} : { hint: words.raisable(limitAmount(limit.raisableTo, limit)) };
