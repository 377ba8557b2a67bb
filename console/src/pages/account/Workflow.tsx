import { useQuery } from '@tanstack/react-query';
import { ExternalLink } from 'lucide-react';
import { workflowQuery } from '../../api/accounts';
import { systemQuery } from '../../api/system';
import { Card } from '../../components/Card';
import { Fact, Facts } from '../../components/Facts';
import { Raw } from '../../components/Raw';
import { Loaded } from '../../components/States';
import { formatCount } from '../../format/number';
import { formatTime } from '../../format/time';
import { text } from '../../text';
import styles from './Account.module.css';

const words = text.accounts;

/** The account's workflow as Temporal knows it: what it is, what it holds now, and where its history is read. */
export function Workflow({ id }: { id: string }) {
  const workflow = useQuery(workflowQuery(id));
  return (
    <Card
      title={words.workflow}
      action={workflow.data && <HistoryLink workflowId={workflow.data.workflowId} runId={workflow.data.runId} />}
    >
      <Loaded query={workflow} lines={4}>
        {({ workflowId, status, historyLength, startedAt, state }) => (
          <>
            <Facts>
              <Fact name={words.workflowFacts.id}>
                <code>{workflowId}</code>
              </Fact>
              <Fact name={words.workflowFacts.status}>{status}</Fact>
              <Fact name={words.workflowFacts.history}>{formatCount(historyLength)}</Fact>
              <Fact name={words.workflowFacts.started}>{formatTime(startedAt)}</Fact>
            </Facts>
            <h3 className={styles.heading}>{words.workflowState}</h3>
            <Facts>
              {Object.entries(state).map(([name, value]) => (
                <Fact key={name} name={name}>
                  {isOne(value) ? (
                    <code>{show(value)}</code>
                  ) : (
                    <Raw label={text.accounts.details} of={name} value={value} />
                  )}
                </Fact>
              ))}
            </Facts>
          </>
        )}
      </Loaded>
    </Card>
  );
}

/** One value, and no list or group of them. */
const isOne = (value: unknown): boolean => typeof value !== 'object' || value === null;

/** What the workflow holds, in its own names: whoever reads it compares it with the history. */
const show = (value: unknown): string =>
  value === null || value === undefined || value === ''
    ? '–'
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);

/** Left out where nobody has said where Temporal's UI is. */
function HistoryLink({ workflowId, runId }: { workflowId: string; runId: string }) {
  const { uiUrl, namespace } = useQuery(systemQuery).data?.temporal ?? { uiUrl: null, namespace: '' };
  if (uiUrl === null) return null;
  const address = `${uiUrl}/namespaces/${[namespace, 'workflows', workflowId, runId].map(encodeURIComponent).join('/')}/history`;
  return (
    <a href={address} target="_blank" rel="noreferrer" className={styles.history}>
      {words.openHistory}
      <ExternalLink size={14} aria-hidden="true" />
    </a>
  );
}
