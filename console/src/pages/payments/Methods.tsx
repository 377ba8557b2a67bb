/** Saved methods: which is charged first, which after it, which can't be charged any more and why. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { CreditCard } from 'lucide-react';
import { useState } from 'react';
import { api, data, type Schemas } from '../../api/client';
import { autoReloadQuery, type Attempt, type Reload } from '../../api/autoReload';
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
import { cardName, expiryOf, lastAttempts, whyDeclined } from '../../features/payment/card';
import { WithNote } from '../../components/WithNote';
import { formatClock, formatTime } from '../../format/time';
import { useAccountId } from '../../session/session';
import { text } from '../../text';
import { wordFor } from '../../text/word';
import { noteSaved } from './savedBefore';

type Method = Schemas['PaymentMethod'];
const words = text.payments;

/** @param reloads the newest ones: what they were answered says more of a card than that it may be charged */
export function Methods({ reloads }: { reloads: readonly Reload[] }) {
  const id = useAccountId();
  const methods = useQuery(methodsQuery(id));
  const autoReload = useQuery(autoReloadQuery(id)).data;
  const reload = autoReload?.reload;
  const nextAttemptAt = reload?.state === 'waiting' ? reload.nextAttemptAt : null;
  const isReloading = autoReload?.status === 'on';
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
    onSuccess: ({ url }) => {
      noteSaved(id, methods.data?.data ?? []);
      window.location.assign(url);
    },
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
              columns={columnsOf(
                { attempts: lastAttempts(reloads), nextAttemptAt, isReloading },
                (method, role) => change.mutate({ method, role }),
                setRemoving,
              )}
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

type Tried = {
  /** By the method's id. */
  attempts: ReadonlyMap<string, Attempt>;
  /** When the reload that waits is tried again. */
  nextAttemptAt: string | null;
  /** Auto-reload is on: what is paused or disabled charges no card by itself. */
  isReloading: boolean;
};

const columnsOf = (
  { attempts, ...tried }: Tried,
  onRole: SetRole,
  onRemove: (method: Method) => void,
): Column<Method>[] => [
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
    cell: (method) => <Status method={method} last={attempts.get(method.id)} {...tried} />,
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
        {/* Without a primary nothing is reloaded: another one takes its place instead. */}
        {method.role === null && (
          <RowAction label={words.makeBackup} of={cardName(method)} onClick={() => onRole(method, 'backup')} />
        )}
        <RowAction label={words.remove} of={cardName(method)} onClick={() => onRemove(method)} />
      </RowActions>
    ),
  },
];

type StatusProps = Omit<Tried, 'attempts'> & { method: Method; last: Attempt | undefined };

/** Whether it may be charged; and if it was declined the last time, why, and when it is tried again. */
function Status({ method: { unusableBecause, role }, last, nextAttemptAt, isReloading }: StatusProps) {
  if (unusableBecause === null && last?.outcome !== 'declined') return <Badge tone="good">{words.usable}</Badge>;
  return (
    <WithNote>
      <Badge tone={unusableBecause === null ? 'warn' : 'bad'}>
        {unusableBecause === null ? words.declinedLast : words.unusable}
      </Badge>
      <small>
        {unusableBecause === null
          ? words.declinedLastWhy(whyDeclined(last!) ?? words.declined, formatTime(last!.at))
          : words.unusableWhy(wordFor(words.declines, unusableBecause))}
        {/* Without a role nothing is charged to it. */}
        {unusableBecause === null &&
          role !== null &&
          isReloading &&
          ` ${nextAttemptAt === null ? words.triedAgain : words.triedAgainAt(formatClock(nextAttemptAt))}`}
      </small>
    </WithNote>
  );
}

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
