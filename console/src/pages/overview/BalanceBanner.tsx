/** The banner of seed 000: the prepayment balance, whether auto-reload is enabled, and the two things to do about them. */
import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../../api/client';
import { autoReloadQuery, type Reload } from '../../api/autoReload';
import { methodsQuery } from '../../api/payments';
import { Badge } from '../../components/Badge';
import { Boundary } from '../../components/Boundary';
import { Button, ButtonLink } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { GateBadge } from '../../components/GateBadge';
import { lazyPart } from '../../parts/lazyPart';
import { Money } from '../../components/Money';
import { Notice } from '../../components/Notice';
import { useWindow } from '../../components/useWindow';
import { formatMoney, isZero } from '../../format/money';
import { useRole } from '../../session/session';
import { text } from '../../text';
import styles from './BalanceBanner.module.css';
import { sentenceOf } from './sentence';
import { useIsNew } from './useIsNew';
import { lastDeclines, paidByBackup, useLastReloads, type PaidByBackup } from './useLastReloads';

const autoReloadWindow = lazyPart(() => import('../../features/auto-reload/AutoReloadWindow'));
const words = text.overview;

export function BalanceBanner({ account }: { account: Schemas['Account'] }) {
  const details = useQuery(autoReloadQuery(account.id));
  const isOwner = useRole() === 'owner';
  const { isOpen, open, close } = useWindow('auto-reload');
  const newest = useLastReloads().data?.data[0];
  const isNew = useIsNew(account);
  const { tone, what, next } = sentenceOf(account, {
    details: details.data,
    declined: lastDeclines(newest?.attempts ?? []),
    byBackup: usePaidByBackup(account.id, newest, isOwner),
    isNew,
  });
  return (
    <section className={styles.banner} aria-label={words.balance}>
      <div className={styles.head}>
        <div>
          <p className={styles.label}>{words.balance}</p>
          <p className={styles.balance} data-testid="balance">
            <Money amount={account.balance} />
            {isNew ? <Badge tone="warn">{words.noBalanceYet}</Badge> : <GateBadge account={account} />}
          </p>
          {!isZero(account.held) && <p className={styles.note}>{words.held(formatMoney(account.held))}</p>}
          <AutoReloadLine autoReload={account.autoReload} />
        </div>
        {isOwner && (
          <div className={styles.actions}>
            <ButtonLink look="primary" href="/pay">
              {words.addPrepayment}
            </ButtonLink>
            <Button onClick={open} onPointerEnter={autoReloadWindow.begin} onFocus={autoReloadWindow.begin}>
              {account.autoReload.status === 'on' || account.autoReload.status === 'paused'
                ? words.review
                : words.turnOn}
            </Button>
          </div>
        )}
      </div>
      <Notice tone={tone} action={isOwner && next && <NextStep step={next} onWindow={open} />}>
        {what}{' '}
        {next &&
          (isOwner
            ? words.next[next]
            : tone !== 'good' && (next === 'support' ? words.askOwnerForSupport : words.askOwner))}
      </Notice>
      {isOwner && isOpen && (
        <Boundary
          show={(broken) => (
            <Dialog title={text.autoReload.title} isOpen onClose={close}>
              {broken}
            </Dialog>
          )}
        >
          <autoReloadWindow.View onClose={close} />
        </Boundary>
      )}
    </section>
  );
}

/** Once the primary is another one, or has paid something since, nothing is wrong any more. Only owners see the methods. */
function usePaidByBackup(id: string, newest: Reload | undefined, isOwner: boolean): PaidByBackup | null {
  const paid = newest ? paidByBackup(newest) : null;
  const methods = useQuery({ ...methodsQuery(id), enabled: isOwner && paid !== null }).data?.data;
  const primary = methods?.find(({ role }) => role === 'primary');
  if (methods === undefined) return paid;
  return primary?.id === paid?.declinedId && primary?.lastCharge?.outcome === 'declined' ? paid : null;
}

/** The way to what the sentence asks for; what the banner's own buttons do needs none. */
function NextStep({ step, onWindow }: { step: keyof typeof words.next; onWindow: () => void }) {
  switch (step) {
    case 'fix':
    case 'fixOrPay':
      return <Button onClick={onWindow}>{words.seeFailed}</Button>;
    case 'checkMethod':
    case 'checkPrimary':
      return <ButtonLink href="/payments">{words.toMethods}</ButtonLink>;
    case 'raise':
    case 'raiseOrPay':
      return <Button onClick={onWindow}>{words.raiseLimit}</Button>;
    default:
      return null;
  }
}

function AutoReloadLine({ autoReload: { status, threshold, amount } }: Pick<Schemas['Account'], 'autoReload'>) {
  const isSet = status !== 'off' && threshold !== null && amount !== null;
  return (
    <p className={styles.note}>
      {words.autoReload}: <b>{words.states[status]}</b>
      {isSet && <>. {(status === 'on' ? words.onLine : words.keptLine)(formatMoney(amount), formatMoney(threshold))}</>}
    </p>
  );
}
