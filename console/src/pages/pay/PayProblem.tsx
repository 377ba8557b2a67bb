import { Notice } from '../../components/Notice';
import { ProblemError } from '../../api/problem';
import { text } from '../../text';

/** A clear no, in the API's own words, and what comes next. What is wrong with the amount is said beside it. */
export function PayProblem({ error }: { error: Error }) {
  if (!(error instanceof ProblemError) || error.fields.has('amount')) return null;
  if (error.status === 401) return <Notice tone="warn">{text.pay.signedOut}</Notice>;
  if (error.code === 'idempotency_key_reused') return <Notice tone="warn">{text.pay.otherTab}</Notice>;
  return (
    <Notice tone="bad">
      {error.message} {error.code === 'card_declined' && text.pay.declinedNext}
    </Notice>
  );
}
