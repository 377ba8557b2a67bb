/** The endpoints that an account's notices go to, and how each delivery went (N2). */
import { useQuery } from '@tanstack/react-query';
import { Webhook } from 'lucide-react';
import { useState } from 'react';
import { api } from '../../api/client';
import { keys } from '../../api/keys';
import { endpointsQuery, type WebhookEndpoint } from '../../api/webhooks';
import { Button } from '../../components/Button';
import { Card, PageHead } from '../../components/Card';
import { useUrlFilter } from '../../components/Filters';
import { Problem } from '../../components/Problem';
import { Empty, Loaded } from '../../components/States';
import { Table } from '../../components/Table';
import { useChange } from '../../components/useChange';
import { useWindow } from '../../components/useWindow';
import { useAccountId } from '../../session/session';
import { text } from '../../text';
import { AddEndpoint } from './AddEndpoint';
import { columnsOf, type Act } from './columns';
import { Deliveries } from './Deliveries';
import { RemoveEndpoint } from './RemoveEndpoint';
import { RotateSecret } from './RotateSecret';

const words = text.webhooks;

export default function WebhooksPage() {
  const id = useAccountId();
  const endpoints = useQuery(endpointsQuery(id));
  // Which deliveries are shown is part of the URL, so that they can be sent to whoever looks after the endpoint.
  const { values, set } = useUrlFilter(['endpoint']);
  const [open, setOpen] = useState<{ act: 'remove' | 'rotate'; endpoint: WebhookEndpoint } | null>(null);
  const adding = useWindow('endpoint');
  const testing = useTest(id, (endpoint) => set('endpoint', endpoint.id));
  const add = <Button onClick={adding.open}>{words.add}</Button>;
  const shown = endpoints.data?.data.find((endpoint) => endpoint.id === values.endpoint);
  const act = (what: Act, endpoint: WebhookEndpoint): void => {
    if (what === 'test') testing.mutate(endpoint);
    else if (what === 'deliveries') set('endpoint', endpoint.id === shown?.id ? '' : endpoint.id);
    else setOpen({ act: what, endpoint });
  };
  const close = () => setOpen(null);
  return (
    <>
      <PageHead title={text.pages.webhooks} />
      <Card title={words.endpoints} note={words.endpointsNote} action={endpoints.data?.data.length ? add : undefined}>
        <Problem error={testing.error} />
        <Loaded query={endpoints}>
          {({ data: rows }) =>
            rows.length === 0 ? (
              <Empty icon={Webhook} title={words.none} action={add}>
                {words.noneWhy}
              </Empty>
            ) : (
              <Table
                caption={words.endpoints}
                columns={columnsOf(act, shown?.id)}
                rows={rows}
                rowKey={(endpoint) => endpoint.id}
                name="webhook-endpoints"
              />
            )
          }
        </Loaded>
      </Card>
      {shown && <Deliveries key={shown.id} accountId={id} endpoint={shown} />}
      {adding.isOpen && <AddEndpoint accountId={id} onClose={adding.close} />}
      {open?.act === 'remove' && <RemoveEndpoint accountId={id} endpoint={open.endpoint} onClose={close} />}
      {open?.act === 'rotate' && <RotateSecret accountId={id} endpoint={open.endpoint} onClose={close} />}
    </>
  );
}

function useTest(accountId: string, onSent: (endpoint: WebhookEndpoint) => void) {
  return useChange({
    name: words.test,
    change: async (endpoint: WebhookEndpoint) => {
      await api.POST('/v1/accounts/{id}/webhook-endpoints/{eid}/test', {
        params: { path: { id: accountId, eid: endpoint.id } },
      });
      onSent(endpoint);
      return words.tested;
    },
    changes: [keys.topic(accountId, 'webhook_deliveries')],
  });
}
