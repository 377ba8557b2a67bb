/** The form with its one intent: what was sent and not answered comes first, and another tab's payment is not made again. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { accountQuery } from '../../api/accounts';
import { autoReloadQuery } from '../../api/autoReload';
import { keys } from '../../api/keys';
import { methodsQuery } from '../../api/payments';
import { isUnsettled } from '../../api/problem';
import { Button } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { Loaded, Unread } from '../../components/States';
import { useAsking } from '../../components/useAsking';
import { readIntent, renewIntent, useIntent, type Sent } from '../../features/payment/intent';
import { sendPayment, type Outcome } from '../../features/payment/send';
import { formatMoney, looksLikeAmount } from '../../format/money';
import { useAccountId } from '../../session/session';
import { text } from '../../text';
import type { Known } from './known';
import styles from './Pay.module.css';
import { PayForm } from './PayForm';
import { PayProblem } from './PayProblem';
import { UnfinishedPayment } from './UnfinishedPayment';

export function PayDesk({ onDone }: { onDone: (done: Known) => void }) {
  const id = useAccountId();
  const account = useQuery(accountQuery(id));
  const methods = useQuery(methodsQuery(id));
  const autoReload = useQuery(autoReloadQuery(id));
  const intent = useIntent(id);
  /** The key of this form. When the open intent has another, another tab has gone on. */
  const [key, setKey] = useState(intent.key);
  const sending = useSending(id, key, setKey, onDone);
  // As it was when it was sent: the stream may tell of the open gate before the payment's own answer comes.
  const send = (sent: Sent): void => sending.mutate({ sent, wasSuspended: account.data?.gate.state === 'suspended' });
  const startAgain = (): void => {
    setKey(renewIntent(id, key).key);
    sending.reset();
  };
  const isAway = sending.data?.kind === 'away';
  const isBusy = sending.isPending || sending.isSuccess;
  const isOvertaken = !isBusy && intent.key !== key;
  const isUnfinished = !isBusy && !isOvertaken && intent.sent !== null;
  useReturn(isAway, sending.reset);
  return (
    <div className={styles.column}>
      {isUnfinished && (
        <UnfinishedPayment
          sent={intent.sent!}
          error={sending.error}
          onFinish={() => send(intent.sent!)}
          onDiscard={startAgain}
        />
      )}
      {isOvertaken && (
        <Notice tone="warn" action={<Button onClick={startAgain}>{text.pay.startAgain}</Button>}>
          {text.pay.otherTab}
        </Notice>
      )}
      {sending.isError && !isUnfinished && !isOvertaken && <PayProblem error={sending.error} />}
      <Unread what={text.pay.balance} query={account} />
      <Unread what={text.pay.range} query={autoReload} />
      <Loaded query={methods} lines={8} card={text.pay.howMuch}>
        {({ data }) => (
          <PayForm
            methods={data}
            account={account.data}
            range={autoReload.data?.ranges.prepayment}
            isRunning={isBusy}
            isLocked={isUnfinished || isOvertaken}
            error={sending.error}
            onPay={send}
          />
        )}
      </Loaded>
    </div>
  );
}

type Sending = { sent: Sent; wasSuspended: boolean };

const useSending = (id: string, key: string, onKey: (key: string) => void, onDone: (done: Known) => void) =>
  useAsking<Sending, Outcome>({
    name: ({ sent }) => text.pay.followed(shownAmount(sent)),
    ask: async ({ sent }) => {
      try {
        const outcome = await sendPayment(id, key, sent);
        onKey(readIntent(id).key);
        return outcome;
      } catch (error) {
        // While nobody knows what became of it, the form keeps to it, also where another tab has begun another payment.
        if (!isUnsettled(error)) onKey(readIntent(id).key);
        throw error;
      }
    },
    news: () => null,
    left: ({ kind }, { sent }) => text.pay.left[kind](shownAmount(sent)),
    changes: [keys.account(id)],
    onDone: (outcome, { wasSuspended }) => {
      if (outcome.kind === 'away') window.location.assign(outcome.url);
      else onDone({ ...outcome, wasSuspended });
    },
  });

const shownAmount = ({ amount }: Sent): string => (looksLikeAmount(amount) ? formatMoney(amount) : amount);

/** A page that the browser has kept while one was at the provider's is as one left it: it is made usable again. */
function useReturn(isAway: boolean, onReturn: () => void): void {
  useEffect(() => {
    if (!isAway) return undefined;
    const returned = ({ persisted }: PageTransitionEvent): void => {
      if (persisted) onReturn();
    };
    window.addEventListener('pageshow', returned);
    return () => window.removeEventListener('pageshow', returned);
  }, [isAway, onReturn]);
}
