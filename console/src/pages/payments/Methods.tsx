/** Saved methods: which is charged first, which after it, which can't be charged any more and why. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { CreditCard } from 'lucide-react';
import { useState } from 'react';
import { api, data, type Schemas } from '../../api/client';
import { keys, methodsQuery } from '../../api/queries';
import { Badge } from '../../components/Badge';
import { Button } from '../../components/Button';
import { Card } from '../../components/Card';
import { Dialog } from '../../components/Dialog';
import { Notice } from '../../components/Notice';
import { Empty, Loaded } from '../../components/States';
import { Table, type Column } from '../../components/Table';
import { toast } from '../../components/toast';
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
  const change = useChange(id);
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
      {problem && <Notice tone="bad">{problem.message}</Notice>}
      <Loaded query={methods}>
        {({ data: rows }) =>
          rows.length === 0 ? (
            <Empty icon={CreditCard} title={words.noMethods} action={add}>
              {words.noMethodsWhy}
            </Empty>
          ) : (
            <Table
              caption={words.methods}
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
  { key: 'method', heading: words.columns.method, cell: cardName },
  {
    key: 'role',
    heading: words.columns.role,
    cell: ({ role }) => (role === null ? '–' : <Badge tone="plain">{text.pay.roles[role]}</Badge>),
  },
  { key: 'expires', heading: words.columns.expires, cell: (method) => expiryOf(method) ?? words.noExpiry },
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
  },
  {
    key: 'actions',
    heading: words.columns.actions,
    cell: (method) => (
      <span className={styles.actions}>
        {method.role !== 'primary' && (
          <Act words={words.makePrimary} method={method} onClick={() => onRole(method, 'primary')} />
        )}
        {method.role !== 'backup' && (
          <Act words={words.makeBackup} method={method} onClick={() => onRole(method, 'backup')} />
        )}
        <Act words={words.remove} method={method} onClick={() => onRemove(method)} />
      </span>
    ),
  },
];

const Act = ({ words: label, method, onClick }: { words: string; method: Method; onClick: () => void }) => (
  <button type="button" aria-label={words.actionsFor(label, cardName(method))} onClick={onClick}>
    {label}
  </button>
);

function useChange(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ method, role }: { method: Method; role: 'primary' | 'backup' }) =>
      api.PATCH('/v1/accounts/{id}/payment-methods/{methodId}', {
        params: { path: { id, methodId: method.id } },
        body: { role },
      }),
    onSuccess: (_, { method, role }) => toast(words.roleChanged(cardName(method), role)),
    onSettled: () => queries.invalidateQueries({ queryKey: keys.topic(id, 'payment_methods') }),
  });
}

function RemoveDialog({ method, onClose }: { method: Method; onClose: () => void }) {
  const id = useAccountId();
  const queries = useQueryClient();
  const removing = useMutation({
    mutationFn: () =>
      api.DELETE('/v1/accounts/{id}/payment-methods/{methodId}', { params: { path: { id, methodId: method.id } } }),
    onSuccess: () => {
      toast(words.removed);
      onClose();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: keys.topic(id, 'payment_methods') }),
  });
  return (
    <Dialog title={words.removeTitle} isOpen onClose={onClose}>
      <p>{words.reallyRemove(cardName(method))}</p>
      {removing.isError && <Notice tone="bad">{removing.error.message}</Notice>}
      <div className={styles.buttons}>
        <Button look="danger" isRunning={removing.isPending} onClick={() => removing.mutate()}>
          {words.remove}
        </Button>
        <Button onClick={onClose}>{text.dialog.cancel}</Button>
      </div>
    </Dialog>
  );
}
