/** Approves or denies a request. Nothing is chosen beforehand: a decision is final. */
import { useId, useState } from 'react';
import { api, data } from '../../api/client';
import { ALL_LIMIT_REQUESTS, type LimitRequest } from '../../api/limits';
import { ChangeDialog } from '../../components/ChangeDialog';
import { countFault, Field } from '../../components/Field';
import { useChange } from '../../components/useChange';
import { limitAmount, limitName } from '../../features/limits/limitName';
import { typedCount } from '../../format/count';
import { text } from '../../text';
import styles from './LimitRequests.module.css';

const words = text.limits;
type Decision = 'approve' | 'deny';

export function DecideDialog({ request, onClose }: { request: LimitRequest; onClose: () => void }) {
  const radio = useId();
  const [decision, setDecision] = useState<Decision | null>(null);
  const [limit, setLimit] = useState(String(request.requested));
  const [note, setNote] = useState('');
  const deciding = useChange({
    name: words.decideTitle(request.accountName),
    change: async () => {
      if (decision === null) return null;
      const body = { decision, note, ...(decision === 'approve' && { limit: typedCount(limit) }) };
      const params = { path: { requestId: request.id } };
      await data(api.POST('/v1/limit-requests/{requestId}/decision', { params, body }));
      return words.decided[decision];
    },
    changes: [ALL_LIMIT_REQUESTS],
    onDone: onClose,
  });
  const [from, to] = [limitAmount(request.current, request), limitAmount(request.requested, request)];
  return (
    <ChangeDialog
      title={words.decideTitle(request.accountName)}
      why={
        <>
          <p>{words.decideWhy(limitName(request), from, to)}</p>
          <p>{words.said(request.reason)}</p>
        </>
      }
      submit={decision === null ? words.decide : words.submitDecision[decision]}
      isDanger={decision === 'deny'}
      change={deciding}
      isReady={decision === 'deny' || (decision === 'approve' && countFault(limit) === undefined)}
      onClose={onClose}
    >
      <fieldset className={styles.decision}>
        <legend>{words.decision}</legend>
        {(['approve', 'deny'] as const).map((one) => (
          <label key={one}>
            <input type="radio" name={radio} checked={decision === one} onChange={() => setDecision(one)} />
            {words[one]}
          </label>
        ))}
      </fieldset>
      {decision === 'approve' && (
        <Field label={words.grant} error={countFault(limit)}>
          <input value={limit} onChange={(event) => setLimit(event.target.value)} inputMode="numeric" required />
        </Field>
      )}
      <Field label={words.answer} hint={words.answerHint}>
        <textarea value={note} onChange={(event) => setNote(event.target.value)} rows={3} required />
      </Field>
    </ChangeDialog>
  );
}
