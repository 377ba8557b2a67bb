import { ProblemError } from '../../api/problem';
import { ButtonLink } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { text } from '../../text';

const words = text.autoReload;

/** Why the settings were not taken, in the API's own words, and the next step. */
export function SaveProblem({ error, isRunning }: { error: Error | null; isRunning: boolean }) {
  if (error === null) return null;
  if (!(error instanceof ProblemError)) return <Notice tone="bad">{text.states.unreachableWhy}</Notice>;
  if (error.code === 'first_purchase_required')
    return (
      <Notice tone="warn" action={<ButtonLink href="/pay">{text.overview.addPrepayment}</ButtonLink>}>
        {words.needsPurchase}
      </Notice>
    );
  if (error.code === 'payment_method_required')
    return (
      <Notice tone="warn" action={<ButtonLink href="/payments">{words.addMethod}</ButtonLink>}>
        {words.needsMethod}
      </Notice>
    );
  const link = error.body?.url;
  return (
    <Notice tone="bad" action={link && <a href={link}>{words.confirmAtBank}</a>}>
      {error.message} {error.code === 'card_declined' && (isRunning ? words.changedNotSaved : words.declinedNext)}
    </Notice>
  );
}
