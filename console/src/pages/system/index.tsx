/** The state of the whole: what is reached, what lags, what waits (C2, O5). */
import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../../api/client';
import { systemQuery } from '../../api/system';
import { Badge } from '../../components/Badge';
import { Card, PageHead } from '../../components/Card';
import { Fact, Facts } from '../../components/Facts';
import { Loaded } from '../../components/States';
import { Table, type Column } from '../../components/Table';
import { formatCount } from '../../format/number';
import { formatMinutes, formatTime } from '../../format/time';
import { text } from '../../text';
import { wordFor } from '../../text/word';

const words = text.operations.system;
type System = Schemas['System'];

export default function SystemPage() {
  const system = useQuery(systemQuery);
  const uiUrl = system.data?.temporal.uiUrl;
  return (
    <>
      <PageHead title={text.pages.system}>{uiUrl && <a href={uiUrl}>{words.openTemporal}</a>}</PageHead>
      <Loaded query={system} lines={8} card={words.readiness}>
        {(found) => (
          <>
            <Readiness readiness={found.readiness} />
            <Lags lags={found.lags} />
            <Queues queues={found.queues} />
            <Versions system={found} />
          </>
        )}
      </Loaded>
    </>
  );
}

function Readiness({ readiness: { status, missing } }: { readiness: System['readiness'] }) {
  return (
    <Card title={words.readiness} note={status === 'ready' ? words.ready : words.notReady}>
      <Facts>
        {(['database', 'temporal', 'payments'] as const).map((part) => (
          <Fact key={part} name={words.missing[part]}>
            <Badge tone={missing.includes(part) ? 'bad' : 'good'}>
              {missing.includes(part) ? words.notReached : words.reached}
            </Badge>
          </Fact>
        ))}
      </Facts>
    </Card>
  );
}

const inMs = (ms: number): string => words.milliseconds(formatCount(ms));

function Lags({ lags: { gateFeedMs, clockSkewMs, reconciledAt } }: { lags: System['lags'] }) {
  return (
    <Card title={words.lags}>
      <Facts>
        <Fact name={words.facts.gateFeed}>{gateFeedMs === null ? words.never : inMs(gateFeedMs)}</Fact>
        <Fact name={words.facts.clockSkew}>{clockSkewMs === null ? words.unknown : inMs(clockSkewMs)}</Fact>
        <Fact name={words.facts.reconciled}>{reconciledAt === null ? words.never : formatTime(reconciledAt)}</Fact>
      </Facts>
    </Card>
  );
}

type Queue = { name: string; waiting: number; oldestSeconds: number | null };

const Queues = ({ queues }: { queues: System['queues'] }) => (
  <Card title={words.queues} note={words.queuesNote}>
    <Table
      caption={words.queues}
      columns={queueColumns}
      rows={Object.entries(queues).map(([name, queue]) => ({ name, ...queue }))}
      rowKey={({ name }) => name}
      name="queues"
    />
  </Card>
);

const queueColumns: readonly Column<Queue>[] = [
  {
    key: 'name',
    heading: words.queueColumns.name,
    cell: ({ name }) => wordFor(words.queueNames, name),
    csv: ({ name }) => name,
  },
  {
    key: 'oldestSeconds',
    heading: words.queueColumns.oldest,
    cell: ({ oldestSeconds }) => (oldestSeconds === null ? '–' : formatSeconds(oldestSeconds)),
    csv: ({ oldestSeconds }) => String(oldestSeconds ?? ''),
    order: ({ oldestSeconds }) => oldestSeconds ?? -1,
    isNumber: true,
  },
  {
    key: 'waiting',
    heading: words.queueColumns.waiting,
    cell: ({ waiting }) => formatCount(waiting),
    csv: ({ waiting }) => String(waiting),
    order: ({ waiting }) => waiting,
    isNumber: true,
  },
];

const MINUTE_S = 60;
const formatSeconds = (seconds: number): string =>
  seconds < 2 * MINUTE_S ? words.seconds(String(seconds)) : formatMinutes(seconds / MINUTE_S);

const Versions = ({ system: { versions, upSeconds, temporal } }: { system: System }) => (
  <Card title={words.versions}>
    <Facts>
      <Fact name={words.facts.up}>{formatSeconds(upSeconds)}</Fact>
      <Fact name={words.facts.node}>{versions.node}</Fact>
      <Fact name={words.facts.postgres}>{versions.postgres}</Fact>
      <Fact name={words.facts.schema}>{versions.schema}</Fact>
      <Fact name={words.facts.namespace}>{temporal.namespace}</Fact>
    </Facts>
  </Card>
);
