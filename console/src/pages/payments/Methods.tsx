/** Saved methods: which is charged first, which after it, which can't be charged any more and why. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { CreditCard } from 'lucide-react';
import { useState } from 'react';
import { api, data, type Schemas } from '../../api/client';
import { keys } from '../../api/keys';
import { methodsQuery } from '../../api/payments';
import { Badge } from '../../components/Badge';
import { Button } from '../../components/Button';
import { Card } from '../../components/Card';
import { ChangeDialog } from '../../components/ChangeDialog';
import { Problem } from '../../components/Problem';
import { RowAction, RowActions } from '../../components/RowActions';
import { Empty, Loaded } from '../../components/States';
import { Table, type Column } from '../../components/Table';
import { useChange } from '../../components/useChange';
import { cardName, expiryOf } from '../../features/payment/card';
import { useAccountId } from '../../session/session';
import { text } from '../../text';
import { wordFor } from '../../text/word';
import styles from './Payments.module.css';

type Method = Schemas['PaymentMethod'];
const words = text.payments;

export function Methods() {
  const id = useAccountId();
  const methods = useQuery(methodsQuery(id));
  const change = useChange({
    change: async ({ method, role }: { method: Method; role: 'primary' | 'backup' }) => {
      await api.PATCH('/v1/accounts/{id}/payment-methods/{methodId}', {
        params: { path: { id, methodId: method.id } },
        body: { role },
      });
      return words.roleChanged(cardName(method), role);
    },
    changes: [keys.topic(id, 'payment_methods')],
  });
  const [removing, setRemoving] = useState<Method | null>(null);
  const adding = useMutation({
    mutationFn: () =>
      data(
        api.POST('/v1/accounts/{id}/payment-methods/setup', {
          params: { path: { id } },
          body: { returnUrl: `${window.location.origin}/payments?from=provider` },
        }),
      ),
    onSuccess: ({ url }) => window.location.assign(url),
  });
  const add = (
    <Button isRunning={adding.isPending} onClick={() => adding.mutate()}>
      {words.addMethod}
    </Button>
  );
  const problem = adding.error ?? change.error;
  return (
    <Card title={words.methods} note={words.methodsNote} action={methods.data?.data.length ? add : undefined}>
      <Problem error={problem} />
      <Loaded query={methods}>
        {({ data: rows }) =>
          rows.length === 0 ? (
            <Empty icon={CreditCard} title={words.noMethods} action={add}>
              {words.noMethodsWhy}
            </Empty>
          ) : (
            <Table
              caption={words.methods}
              name="methods"
              columns={columnsOf((method, role) => change.mutate({ method, role }), setRemoving)}
              rows={rows}
              rowKey={(method) => method.id}
            />
          )
        }
      </Loaded>
      {removing && <RemoveDialog method={removing} onClose={() => setRemoving(null)} />}
    </Card>
  );
}

type SetRole = (method: Method, role: 'primary' | 'backup') => void;

const columnsOf = (onRole: SetRole, onRemove: (method: Method) => void): Column<Method>[] => [
  { key: 'method', heading: words.columns.method, cell: cardName, csv: cardName },
  {
    key: 'role',
    heading: words.columns.role,
    cell: ({ role }) => (role === null ? '–' : <Badge tone="plain">{text.pay.roles[role]}</Badge>),
    csv: ({ role }) => role ?? '',
  },
  {
    key: 'expires',
    heading: words.columns.expires,
    cell: (method) => expiryOf(method) ?? words.noExpiry,
    csv: (method) => expiryOf(method) ?? '',
  },
  {
    key: 'status',
    heading: words.columns.status,
    cell: ({ unusableBecause }) =>
      unusableBecause === null ? (
        <Badge tone="good">{words.usable}</Badge>
      ) : (
        <span className={styles.unusable}>
          <Badge tone="bad">{words.unusable}</Badge>
          <small>{words.unusableWhy(wordFor(words.declines, unusableBecause))}</small>
        </span>
      ),
    csv: ({ unusableBecause }) => unusableBecause ?? 'usable',
  },
  {
    key: 'actions',
    heading: words.columns.actions,
    cell: (method) => (
      <RowActions>
        {method.role !== 'primary' && (
          <RowAction label={words.makePrimary} of={cardName(method)} onClick={() => onRole(method, 'primary')} />
        )}
        {method.role !== 'backup' && (
          <RowAction label={words.makeBackup} of={cardName(method)} onClick={() => onRole(method, 'backup')} />
        )}
        <RowAction label={words.remove} of={cardName(method)} onClick={() => onRemove(method)} />
      </RowActions>
    ),
  },
];

function RemoveDialog({ method, onClose }: { method: Method; onClose: () => void }) {
  const id = useAccountId();
  const removing = useChange({
    change: async () => {
      await api.DELETE('/v1/accounts/{id}/payment-methods/{methodId}', {
        params: { path: { id, methodId: method.id } },
      });
      return words.removed;
    },
    changes: [keys.topic(id, 'payment_methods')],
    onDone: onClose,
  });
  return (
    <ChangeDialog
      title={words.removeTitle}
      why={words.reallyRemove(cardName(method))}
      submit={words.remove}
      change={removing}
      onClose={onClose}
      isDanger
    />
  );
}
