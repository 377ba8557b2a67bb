/** Make a payment: amount, how, what happens, the outcome. One charge, however often it is clicked, reloaded or opened. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useSearchParams } from 'wouter';
import { accountQuery, keys, methodsQuery } from '../../api/queries';
import { PageHead } from '../../components/Card';
import { Notice } from '../../components/Notice';
import { Loaded } from '../../components/States';
import { renewIntent, useIntent, type Sent } from '../../features/payment/intent';
import { sendPayment, type Outcome } from '../../features/payment/send';
import { useAccountId } from '../../session/session';
import { text } from '../../text';
import { OpenPayment } from './OpenPayment';
import { PaidReceipt } from './PaidReceipt';
import styles from './Pay.module.css';
import { PayForm } from './PayForm';
import { PayProblem } from './PayProblem';
import { UnfinishedPayment } from './UnfinishedPayment';

export default function Pay() {
  const id = useAccountId();
  const account = useQuery(accountQuery(id));
  const methods = useQuery(methodsQuery(id));
  const intent = useIntent(id);
  const [outcome, setOutcome] = useState<(Outcome & { wasSuspended: boolean }) | null>(null);
  const queries = useQueryClient();
  const wasSuspended = account.data?.gate.state === 'suspended';
  const sending = useMutation({
    mutationFn: (sent: Sent) => sendPayment(id, sent),
    onSuccess: (done) => setOutcome({ ...done, wasSuspended }),
    onSettled: () => queries.invalidateQueries({ queryKey: keys.account(id) }),
  });
  const startAgain = (): void => {
    renewIntent(id);
    sending.reset();
    setOutcome(null);
  };
  const isUnfinished = intent.sent !== null && !sending.isPending && outcome?.kind !== 'away';
  return (
    <>
      <PageHead title={text.pages.pay} />
      <FromProvider accountId={id} />
      {outcome?.kind === 'paid' ? (
        <PaidReceipt {...outcome} onAgain={startAgain} />
      ) : outcome?.kind === 'open' ? (
        <OpenPayment {...outcome} onAgain={startAgain} />
      ) : (
        <div className={styles.column}>
          {isUnfinished && (
            <UnfinishedPayment
              amount={intent.sent!.amount}
              isLost={sending.isError}
              onFinish={() => sending.mutate(intent.sent!)}
              onDiscard={startAgain}
            />
          )}
          {sending.isError && !isUnfinished && <PayProblem error={sending.error} />}
          <Loaded query={methods} lines={8}>
            {({ data }) => (
              <PayForm
                methods={data}
                account={account.data}
                isRunning={sending.isPending || outcome?.kind === 'away'}
                isLocked={isUnfinished}
                error={sending.error}
                onPay={(sent) => sending.mutate(sent)}
              />
            )}
          </Loaded>
        </div>
      )}
    </>
  );
}

/** Back from the provider's page: that payment is the provider's to tell of, and the next one here is another. */
function FromProvider({ accountId }: { accountId: string }) {
  const [search] = useSearchParams();
  const from = search.get('from');
  useEffect(() => {
    if (from !== null) renewIntent(accountId);
  }, [from, accountId]);
  if (from === 'provider') return <Notice tone="good">{text.pay.returned}</Notice>;
  if (from === 'canceled') return <Notice tone="info">{text.pay.canceled}</Notice>;
  return null;
}
