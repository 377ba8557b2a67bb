/** Saved methods: which is charged first, which after it, which can't be charged any more and why. */
import { useQuery } from '@tanstack/react-query';
import { CreditCard } from 'lucide-react';
import { useState } from 'react';
import { api, data, type Schemas } from '../../api/client';
import { autoReloadQuery } from '../../api/autoReload';
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
import { useAsking } from '../../components/useAsking';
import { useChange } from '../../components/useChange';
import { cardNames, expiryOf, whyDeclined } from '../../features/payment/card';
import { WithNote } from '../../components/WithNote';
import { formatClock, formatTime } from '../../format/time';
import { useAccountId } from '../../session/session';
import { text } from '../../text';
import { wordFor } from '../../text/word';
import { noteSaved } from './savedBefore';

type Method = Schemas['PaymentMethod'];
/** As it is called beside the others. */
type Named = { id: string; name: string };
const words = text.payments;

export function Methods() {
  const id = useAccountId();
  const methods = useQuery(methodsQuery(id));
  const names = cardNames(methods.data?.data ?? []);
  const nameOf = (method: Method): string => names.get(method.id)!;
  const autoReload = useQuery(autoReloadQuery(id)).data;
  const reload = autoReload?.reload;
  const nextAttemptAt = reload?.state === 'waiting' ? reload.nextAttemptAt : null;
  const isReloading = autoReload?.status === 'on';
  const change = useChange({
    name: words.methods,
    change: async ({ method, role }: { method: Method; role: 'primary' | 'backup' }) => {
      await api.PATCH('/v1/accounts/{id}/payment-methods/{methodId}', {
        params: { path: { id, methodId: method.id } },
        body: { role },
      });
      return words.roleChanged(nameOf(method), role);
    },
    changes: [keys.topic(id, 'payment_methods')],
  });
  const [removing, setRemoving] = useState<Named | null>(null);
  const adding = useAsking<void, { url: string }>({
    name: words.addMethod,
    ask: () =>
      data(
        api.POST('/v1/accounts/{id}/payment-methods/setup', {
          params: { path: { id } },
          body: { returnUrl: `${window.location.origin}/payments?from=provider` },
        }),
      ),
    // Nothing was begun on the provider's page, and whoever has gone on is not led there.
    news: () => null,
    left: () => null,
    changes: [],
    onDone: ({ url }) => {
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
                nameOf,
                { nextAttemptAt, isReloading },
                (method, role) => change.mutate({ method, role }),
                (method) => setRemoving({ id: method.id, name: nameOf(method) }),
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
  /** When the reload that waits is tried again. */
  nextAttemptAt: string | null;
  /** Auto-reload is on: what is paused or disabled charges no card by itself. */
  isReloading: boolean;
};

const columnsOf = (
  nameOf: (method: Method) => string,
  tried: Tried,
  onRole: SetRole,
  onRemove: (method: Method) => void,
): Column<Method>[] => [
  { key: 'method', heading: words.columns.method, cell: nameOf, csv: nameOf },
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
    cell: (method) => <Status method={method} {...tried} />,
    csv: ({ unusableBecause }) => unusableBecause ?? 'usable',
  },
  {
    key: 'actions',
    heading: words.columns.actions,
    cell: (method) => (
      <RowActions>
        {method.role !== 'primary' && (
          <RowAction label={words.makePrimary} of={nameOf(method)} onClick={() => onRole(method, 'primary')} />
        )}
        {/* Without a primary nothing is reloaded: another one takes its place instead. */}
        {method.role === null && (
          <RowAction label={words.makeBackup} of={nameOf(method)} onClick={() => onRole(method, 'backup')} />
        )}
        <RowAction label={words.remove} of={nameOf(method)} onClick={() => onRemove(method)} />
      </RowActions>
    ),
  },
];

type StatusProps = Tried & { method: Method };

/** Whether it may be charged; and if it was declined the last time, why, and when it is tried again. */
function Status({ method: { unusableBecause, role, lastCharge: last }, nextAttemptAt, isReloading }: StatusProps) {
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

function RemoveDialog({ method, onClose }: { method: Named; onClose: () => void }) {
  const id = useAccountId();
  const removing = useChange({
    name: words.removeTitle,
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
      why={words.reallyRemove(method.name)}
      submit={words.remove}
      change={removing}
      onClose={onClose}
      isDanger
    />
  );
}
