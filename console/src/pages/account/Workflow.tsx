import { useQuery } from '@tanstack/react-query';
import { workflowQuery } from '../../api/queries';
import { Card } from '../../components/Card';
import { Fact, Facts } from '../../components/Facts';
import { Loaded } from '../../components/States';
import { formatTime } from '../../format/time';
import { text } from '../../text';

const words = text.accounts;

/** The account's workflow as Temporal knows it. */
export function Workflow({ id }: { id: string }) {
  const workflow = useQuery(workflowQuery(id));
  return (
    <Card title={words.workflow}>
      <Loaded query={workflow} lines={2}>
        {({ workflowId, status, historyLength, startedAt }) => (
          <Facts>
            <Fact name={words.workflowFacts.id}>
              <code>{workflowId}</code>
            </Fact>
            <Fact name={words.workflowFacts.status}>{status}</Fact>
            <Fact name={words.workflowFacts.history}>{historyLength.toLocaleString('en-US')}</Fact>
            <Fact name={words.workflowFacts.started}>{formatTime(startedAt)}</Fact>
          </Facts>
        )}
      </Loaded>
    </Card>
  );
}
