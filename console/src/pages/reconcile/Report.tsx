import { CircleCheck } from 'lucide-react';
import { Link } from 'wouter';
import type { Schemas } from '../../api/client';
import { Badge } from '../../components/Badge';
import { Card } from '../../components/Card';
import { Fact, Facts } from '../../components/Facts';
import { Money } from '../../components/Money';
import { Notice } from '../../components/Notice';
import { Said } from '../../components/Said';
import { Empty } from '../../components/States';
import { Table, type Column } from '../../components/Table';
import { formatCount } from '../../format/number';
import { formatTime } from '../../format/time';
import { text } from '../../text';
import { wordFor } from '../../text/word';

const words = text.operations.reconcile;
type ReconcileReport = Schemas['ReconcileReport'];

/** What a run has looked at, repaired, and could not explain. */
export function Report({ report }: { report: ReconcileReport }) {
  const { unexplained, repaired, ledger, restored } = report;
  return (
    <>
      {restored && (
        <Notice tone="warn">{words.restored(formatTime(restored.backupAt), formatTime(restored.restoredAt))}</Notice>
      )}
      <Summary report={report} />
      <Card title={words.unexplained} note={unexplained.count === 0 ? undefined : String(unexplained.count)}>
        {unexplained.newest.length === 0 ? (
          <Empty icon={CircleCheck} title={words.nothingUnexplained}>
            {words.nothingUnexplainedWhy}
          </Empty>
        ) : (
          <Table
            caption={words.unexplained}
            columns={unexplainedColumns}
            rows={unexplained.newest}
            rowKey={({ kind, paymentIntentId }) => `${kind} ${paymentIntentId}`}
            name="unexplained"
          />
        )}
      </Card>
      {repaired.newest.length > 0 && (
        <Card title={words.repaired}>
          <Table
            caption={words.repaired}
            columns={repairedColumns}
            rows={repaired.newest}
            rowKey={({ kind, about }) => `${kind} ${about}`}
            name="repaired"
          />
        </Card>
      )}
      {ledger && ledger.violations.length > 0 && (
        <Card title={words.violations}>
          <Table
            caption={words.violations}
            columns={violationColumns}
            rows={ledger.violations}
            rowKey={({ invariant, accountId, detail }) => `${invariant} ${accountId} ${detail}`}
            name="violations"
          />
        </Card>
      )}
    </>
  );
}

function Summary({ report }: { report: ReconcileReport }) {
  const { startedAt, finishedAt, scanned, looked, repaired, unexplained, ledger } = report;
  return (
    <>
      <Card
        title={words.report}
        note={scanned.since === null ? words.everything : words.since(formatTime(scanned.since))}
      >
        <Facts>
          <Fact name={words.facts.when}>{words.fromTo(formatTime(startedAt), formatTime(finishedAt))}</Fact>
          <Fact name={words.facts.payments}>{formatCount(looked.payments)}</Fact>
          <Fact name={words.facts.events}>{formatCount(looked.events)}</Fact>
          <Fact name={words.facts.repaired}>
            {words.repairedOf(repaired.credited, repaired.takenBack, repaired.noted)}
          </Fact>
          <Fact name={words.facts.unexplained}>
            <Badge tone={unexplained.count === 0 ? 'good' : 'bad'}>{formatCount(unexplained.count)}</Badge>
          </Fact>
          <Fact name={words.facts.ledger}>
            {ledger === null ? (
              words.notChecked
            ) : (
              <Badge tone={ledger.violations.length === 0 ? 'good' : 'bad'}>
                {ledger.violations.length === 0 ? words.right : words.wrong(ledger.violations.length)}
              </Badge>
            )}
          </Fact>
        </Facts>
      </Card>
      {ledger && (
        <Card title={words.sums}>
          <Facts>
            {(['credited', 'takenBack', 'used', 'adjusted', 'balances'] as const).map((name) => (
              <Fact key={name} name={words.sumNames[name]}>
                <Money amount={ledger.sums[name]} />
              </Fact>
            ))}
          </Facts>
        </Card>
      )}
    </>
  );
}

type OfAccount = { accountId: string | null };
const accountColumn = {
  key: 'accountId',
  heading: words.columns.account,
  cell: ({ accountId }: OfAccount) =>
    accountId === null ? '–' : <Link href={`/accounts/${encodeURIComponent(accountId)}`}>{accountId}</Link>,
  csv: ({ accountId }: OfAccount) => accountId ?? '',
};
const kindColumn = {
  key: 'kind',
  heading: words.columns.kind,
  cell: ({ kind }: { kind: string }) => wordFor(words.kinds, kind),
  csv: ({ kind }: { kind: string }) => kind,
};

const unexplainedColumns: readonly Column<ReconcileReport['unexplained']['newest'][number]>[] = [
  kindColumn,
  accountColumn,
  {
    key: 'paymentIntentId',
    heading: words.columns.payment,
    cell: ({ paymentIntentId }) => <code>{paymentIntentId}</code>,
    csv: ({ paymentIntentId }) => paymentIntentId,
  },
  {
    key: 'detail',
    heading: words.columns.detail,
    cell: ({ detail }) => <Said>{detail}</Said>,
    csv: ({ detail }) => detail,
  },
  {
    key: 'firstSeenAt',
    heading: words.columns.firstSeen,
    cell: ({ firstSeenAt }) => <time dateTime={firstSeenAt}>{formatTime(firstSeenAt)}</time>,
    csv: ({ firstSeenAt }) => firstSeenAt,
  },
];

const repairedColumns: readonly Column<ReconcileReport['repaired']['newest'][number]>[] = [
  kindColumn,
  accountColumn,
  { key: 'about', heading: words.columns.detail, cell: ({ about }) => about, csv: ({ about }) => about },
];

type Violation = NonNullable<ReconcileReport['ledger']>['violations'][number];
const violationColumns: readonly Column<Violation>[] = [
  {
    key: 'invariant',
    heading: words.columns.rule,
    cell: ({ invariant }) => invariant,
    csv: ({ invariant }) => invariant,
  },
  accountColumn,
  {
    key: 'detail',
    heading: words.columns.detail,
    cell: ({ detail }) => <Said>{detail}</Said>,
    csv: ({ detail }) => detail,
  },
];
