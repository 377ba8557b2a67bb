/** Compares Stripe, ledger and usage on demand, and shows what the last runs repaired and what can't be explained (P6). */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Scale } from 'lucide-react';
import type { ReactNode } from 'react';
import { reconcile, reportsQuery, type ReconcileReport, type Reports } from '../../api/reconcile';
import { systemQuery } from '../../api/system';
import { Button } from '../../components/Button';
import { Card, PageHead } from '../../components/Card';
import { ChangeDialog } from '../../components/ChangeDialog';
import { Field } from '../../components/Field';
import { useUrlFilter } from '../../components/Filters';
import { Notice } from '../../components/Notice';
import { Problem } from '../../components/Problem';
import { Empty, Loaded } from '../../components/States';
import { useAsking } from '../../components/useAsking';
import { useWindow } from '../../components/useWindow';
import { formatTime } from '../../format/time';
import { text } from '../../text';
import { Report } from './Report';

const words = text.operations.reconcile;
type RunName = keyof Reports;
type Run = { name: RunName; report: ReconcileReport };

export default function ReconcilePage() {
  const reports = useQuery(reportsQuery);
  const queries = useQueryClient();
  const chosen = useUrlFilter(['run']);
  const reconciling = useAsking<void, ReconcileReport>({
    name: text.pages.reconcile,
    ask: async () => {
      const asked = await reconcile();
      queries.setQueryData(reportsQuery.queryKey, (known) => known && { ...known, asked });
      return asked;
    },
    news: () => null,
    changes: [],
    onDone: chosen.clear,
  });
  const asking = useWindow('reconcile');
  const { asked = null, scheduled = null } = reports.data ?? {};
  const runs = newestFirst({ asked: newerOf(asked, reconciling.data), scheduled });
  const shown = runs.find(({ name }) => name === chosen.values.run) ?? runs[0];
  // How it goes is told by the page.
  const runFromWindow = (): void => {
    asking.close();
    reconciling.mutate();
  };
  const run = (
    <Button look="primary" isRunning={reconciling.isPending} onClick={() => reconciling.mutate()}>
      {words.run}
    </Button>
  );
  return (
    <>
      <PageHead title={text.pages.reconcile}>
        {shown && runs.length > 1 && (
          <RunChoice runs={runs} shown={shown.name} onChoose={(name) => chosen.set('run', name)} />
        )}
      </PageHead>
      <Card title={words.title} note={words.note} action={reports.isSuccess && !shown ? undefined : run}>
        {reconciling.isPending && <Notice tone="info">{words.running}</Notice>}
        <Problem error={reconciling.error} />
        <Loaded query={reports}>{() => (shown ? <p>{words.why}</p> : <NoReport run={run} />)}</Loaded>
      </Card>
      {shown && <Report report={shown.report} />}
      {asking.isOpen && (
        <ChangeDialog
          title={words.ask}
          why={words.why}
          submit={words.run}
          change={{ ...reconciling, mutate: runFromWindow }}
          onClose={asking.close}
        />
      )}
    </>
  );
}

/** Of the run of a moment ago and the one that was listed: a list that was asked for before is older. */
const newerOf = (listed: ReconcileReport | null, done: ReconcileReport | undefined): ReconcileReport | null =>
  done && (listed === null || listed.finishedAt < done.finishedAt) ? done : listed;

const newestFirst = ({ asked, scheduled }: Reports): Run[] =>
  [
    ...(asked ? [{ name: 'asked' as const, report: asked }] : []),
    ...(scheduled ? [{ name: 'scheduled' as const, report: scheduled }] : []),
  ].toSorted((a, b) => (a.report.finishedAt < b.report.finishedAt ? 1 : -1));

type ChoiceProps = { runs: readonly Run[]; shown: RunName; onChoose: (name: RunName) => void };

const RunChoice = ({ runs, shown, onChoose }: ChoiceProps) => (
  <Field label={words.which}>
    <select value={shown} onChange={(event) => onChoose(event.target.value as RunName)}>
      {runs.map(({ name, report }) => (
        <option key={name} value={name}>
          {words.runs[name](formatTime(report.finishedAt))}
        </option>
      ))}
    </select>
  </Field>
);

/** It has never run; or so long ago that its report is not kept any more. */
function NoReport({ run }: { run: ReactNode }) {
  return (
    <Loaded query={useQuery(systemQuery)}>
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
  );
}
