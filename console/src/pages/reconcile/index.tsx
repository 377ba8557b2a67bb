/** Compares Stripe, ledger and usage on demand, and shows what was repaired and what can't be explained (P6). */
import { useMutation, useQuery } from '@tanstack/react-query';
import { Scale } from 'lucide-react';
import { api, data, type Schemas } from '../../api/client';
import { systemQuery } from '../../api/system';
import { Button } from '../../components/Button';
import { Card, PageHead } from '../../components/Card';
import { Notice } from '../../components/Notice';
import { Problem } from '../../components/Problem';
import { Empty, Loaded } from '../../components/States';
import { formatTime } from '../../format/time';
import { text } from '../../text';
import { Report } from './Report';

const words = text.operations.reconcile;
type ReconcileReport = Schemas['ReconcileReport'];

export default function ReconcilePage() {
  const reconciling = useMutation({ mutationFn: reconcile });
  const system = useQuery(systemQuery);
  const run = (
    <Button look="primary" isRunning={reconciling.isPending} onClick={() => reconciling.mutate()}>
      {words.run}
    </Button>
  );
  return (
    <>
      <PageHead title={text.pages.reconcile} />
      <Card title={words.title} note={words.note} action={reconciling.data ? run : undefined}>
        {reconciling.isPending && <Notice tone="info">{words.running}</Notice>}
        <Problem error={reconciling.error} />
        {reconciling.data ? (
          <p>{words.why}</p>
        ) : (
          <Loaded query={system}>
            {({ lags: { reconciledAt } }) => (
              <Empty
                icon={Scale}
                title={reconciledAt === null ? words.never : words.lastRun(formatTime(reconciledAt))}
                action={run}
              >
                {words.why}
              </Empty>
            )}
          </Loaded>
        )}
      </Card>
      {reconciling.data && <Report report={reconciling.data} />}
    </>
  );
}

/** One that takes longer than an answer may is joined by asking again. */
async function reconcile(): Promise<ReconcileReport> {
  for (;;) {
    const answer = await data(api.POST('/v1/reconcile'));
    if (!('status' in answer)) return answer;
  }
}
