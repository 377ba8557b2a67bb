/** What the account may use at most and uses now, and its requests for more (L6). */
import { useQuery } from '@tanstack/react-query';
import { limitsQuery } from '../../api/limits';
import { Card, PageHead } from '../../components/Card';
import { Loaded } from '../../components/States';
import { Table } from '../../components/Table';
import { useWindows } from '../../components/useWindow';
import { useAccountId, useRole } from '../../session/session';
import { text } from '../../text';
import { AskDialog } from './AskDialog';
import { canRaise, columnsOf, keyOf } from './columns';
import { Requests } from './Requests';

const words = text.limits;

export default function LimitsPage() {
  const id = useAccountId();
  const mayAsk = useRole() !== 'member';
  const limits = useQuery(limitsQuery(id));
  const { shown, of, open, close } = useWindows('limit');
  const raisable = limits.data?.data.filter(canRaise) ?? [];
  const tier = limits.data?.data[0]?.tier;
  return (
    <>
      <PageHead title={text.pages.limits} />
      <Card title={words.title} isTitleHidden note={tier === undefined ? undefined : words.note(tier)}>
        <Loaded query={limits} lines={10}>
          {({ data: rows }) => (
            <Table
              caption={words.title}
              columns={columnsOf(mayAsk ? (limit) => open('ask', limit) : null)}
              rows={rows}
              rowKey={keyOf}
              name="limits"
            />
          )}
        </Loaded>
      </Card>
      {mayAsk && <Requests accountId={id} />}
      {mayAsk && shown === 'ask' && raisable.length > 0 && (
        <AskDialog key={of} accountId={id} limits={raisable} chosen={of} onClose={close} />
      )}
    </>
  );
}
