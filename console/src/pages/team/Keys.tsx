/** The keys of the account's members. A new one is shown once. */
import type { UseQueryResult } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import { api, type Schemas } from '../../api/client';
import { keys as queryKeys } from '../../api/keys';
import type { MemberKey } from '../../api/team';
import { Button } from '../../components/Button';
import { Card } from '../../components/Card';
import { ChangeDialog } from '../../components/ChangeDialog';
import { RowAction, RowActions } from '../../components/RowActions';
import { Empty, Loaded } from '../../components/States';
import { Table, type Column } from '../../components/Table';
import { useChange } from '../../components/useChange';
import { useWindow } from '../../components/useWindow';
import { formatTime } from '../../format/time';
import { text } from '../../text';
import { MakeKey } from './MakeKey';

type Member = Schemas['Member'];
const words = text.team;
/** Enough of an id to know a key by. */
const shortId = (id: string): string => id.slice(0, 8);

type Props = { accountId: string; keys: UseQueryResult<{ data: MemberKey[] }>; members: readonly Member[] };

export function Keys({ accountId, keys, members }: Props) {
  const making = useWindow('key');
  const [revoking, setRevoking] = useState<MemberKey | null>(null);
  const nameOf = ({ memberId, name }: MemberKey): string => members.find(({ id }) => id === memberId)?.name ?? name;
  const make = <Button onClick={making.open}>{words.makeKey}</Button>;
  return (
    <Card title={words.keys} note={words.keysNote} action={keys.data?.data.length ? make : undefined}>
      <Loaded query={keys}>
        {({ data: rows }) =>
          rows.length === 0 ? (
            <Empty icon={KeyRound} title={words.noKeys} action={make}>
              {words.noKeysWhy}
            </Empty>
          ) : (
            <Table
              caption={words.keys}
              columns={columnsOf(nameOf, setRevoking)}
              rows={rows}
              rowKey={({ id }) => id}
              name="keys"
            />
          )
        }
      </Loaded>
      {making.isOpen && members.length > 0 && (
        <MakeKey accountId={accountId} members={members} onClose={making.close} />
      )}
      {revoking && (
        <RevokeKey
          accountId={accountId}
          apiKey={revoking}
          member={nameOf(revoking)}
          onClose={() => setRevoking(null)}
        />
      )}
    </Card>
  );
}

const columnsOf = (nameOf: (key: MemberKey) => string, onRevoke: (key: MemberKey) => void): Column<MemberKey>[] => [
  { key: 'member', heading: words.keyColumns.member, cell: nameOf, csv: nameOf, order: (key) => nameOf(key) },
  {
    key: 'role',
    heading: words.keyColumns.role,
    cell: ({ role }) => text.user.roles[role],
    csv: ({ role }) => role,
  },
  {
    key: 'id',
    heading: words.keyColumns.id,
    cell: ({ id }) => <code title={id}>{shortId(id)}</code>,
    csv: ({ id }) => id,
  },
  {
    key: 'createdAt',
    heading: words.keyColumns.made,
    cell: ({ createdAt }) => <time dateTime={createdAt}>{formatTime(createdAt)}</time>,
    csv: ({ createdAt }) => createdAt,
    order: ({ createdAt }) => createdAt,
  },
  {
    key: 'actions',
    heading: words.keyColumns.actions,
    cell: (key) => (
      <RowActions>
        <RowAction
          label={words.revoke}
          of={words.keyName(nameOf(key), shortId(key.id))}
          onClick={() => onRevoke(key)}
        />
      </RowActions>
    ),
  },
];

type RevokeProps = { accountId: string; apiKey: MemberKey; member: string; onClose: () => void };

function RevokeKey({ accountId, apiKey: { id }, member, onClose }: RevokeProps) {
  const revoking = useChange({
    name: words.revokeTitle,
    change: async () => {
      await api.DELETE('/v1/accounts/{id}/keys/{keyId}', { params: { path: { id: accountId, keyId: id } } });
      return words.revoked;
    },
    changes: [queryKeys.topic(accountId, 'keys')],
    onDone: onClose,
  });
  return (
    <ChangeDialog
      title={words.revokeTitle}
      why={words.revokeWhy(member, shortId(id))}
      submit={words.revoke}
      change={revoking}
      onClose={onClose}
      isDanger
    />
  );
}
