import { Field } from '../../components/Field';
import { text } from '../../text';

const words = text.accounts;
type Props = { reason: string; onReason: (reason: string) => void };

/** Why an admin does it: kept with the change. */
export const ReasonField = ({ reason, onReason }: Props) => (
  <Field label={words.reason} hint={words.reasonHint}>
    <input value={reason} onChange={(event) => onReason(event.target.value)} maxLength={500} required />
  </Field>
);
