import { ProblemError, whyNotDone } from '../../api/problem';
import { ButtonLink } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { Said } from '../../components/Said';
import { formatMoney } from '../../format/money';
import { text } from '../../text';
import { chargeChangedTo } from './announced';

const words = text.autoReload;

/** Why the settings were not taken, in the API's own words, and the next step. */
export function SaveProblem({ error, isRunning }: { error: Error | null; isRunning: boolean }) {
  if (error === null) return null;
  if (!(error instanceof ProblemError) || !error.isOurs) return <Notice tone="bad">{whyNotDone(error)}</Notice>;
  if (error.status === 401) return <Notice tone="warn">{words.signedOut}</Notice>;
  const changed = chargeChangedTo(error);
  if (changed) return <Notice tone="warn">{words.chargeChanged(changed.charge && formatMoney(changed.charge))}</Notice>;
  if (error.code !== 'card_declined') return <Refusal code={error.code} detail={error.message} />;
  const link = error.body?.url;
  return (
    <Notice
      tone="bad"
      action={link ? <a href={link}>{words.confirmAtBank}</a> : <ButtonLink href="/payments">{words.fix}</ButtonLink>}
    >
      {error.message} {isRunning ? words.changedNotSaved : words.declinedNext}
    </Notice>
  );
}

/** Why the settings were refused, and where to mend it. */
export function Refusal({ code, detail }: { code: string; detail: string }) {
  if (code === 'first_purchase_required')
    return (
      <Notice tone="warn" action={<ButtonLink href="/pay">{text.overview.addPrepayment}</ButtonLink>}>
        {words.needsPurchase}
      </Notice>
    );
  if (code === 'payment_method_required')
    return (
      <Notice tone="warn" action={<ButtonLink href="/payments">{words.addMethod}</ButtonLink>}>
        {words.needsMethod}
      </Notice>
    );
  return (
    <Notice tone="bad">
      <Said>{detail}</Said>
    </Notice>
  );
}
