/** Make a payment: amount, how, what happens, the outcome. One charge, however often it is clicked, reloaded or opened. */
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { PageHead } from '../../components/Card';
import { text } from '../../text';
import { FollowedPayment } from './FollowedPayment';
import { FromProvider } from './FromProvider';
import type { Known } from './known';
import { PayDesk } from './PayDesk';

/** The address names the payment that was made: a reload of the page shows its current state. */
export default function Pay() {
  const [search, setSearch] = useSearchParams();
  const [known, setKnown] = useState<Known | null>(null);
  const id = search.get('payment');
  const follow = (payment: string): void => setSearch({ payment }, { replace: true });
  return (
    <>
      <PageHead title={text.pages.pay} />
      <FromProvider onFollow={follow} />
      {search.has('from') ? null : id !== null ? (
        <FollowedPayment
          key={id}
          id={id}
          known={known?.id === id ? known : null}
          onAgain={() => setSearch({}, { replace: true })}
        />
      ) : (
        <PayDesk
          onDone={(done) => {
            setKnown(done);
            follow(done.id);
          }}
        />
      )}
    </>
  );
}
