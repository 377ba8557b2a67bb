/** Who belongs to the account: role, whether the address is confirmed, how many keys. */
import type { UseQueryResult } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schemas } from '../../api/client';
import { Badge } from '../../components/Badge';
import { Button } from '../../components/Button';
import { Card } from '../../components/Card';
import { Problem } from '../../components/Problem';
import { RowAction, RowActions } from '../../components/RowActions';
import { Loaded } from '../../components/States';
import { Table, type Column } from '../../components/Table';
import { useChange } from '../../components/useChange';
import { useWindow } from '../../components/useWindow';
import { WithNote } from '../../components/WithNote';
import { useSession } from '../../session/session';
import { text } from '../../text';
import { MemberDialog } from './MemberDialog';
import { RemoveMember } from './RemoveMember';

type Member = Schemas['Member'];
const words = text.team;
type Open = { act: 'edit' | 'remove'; member: Member };

type Props = {
  accountId: string;
  members: UseQueryResult<{ data: Member[] }>;
  keysOf: (memberId: string) => number;
};

export function Members({ accountId, members, keysOf }: Props) {
  const me = useSession().member?.id;
  const [open, setOpen] = useState<Open | null>(null);
  const adding = useWindow('member');
  const inviting = useChange({
    name: words.invite,
    change: async ({ id, email }: Member) => {
      await api.POST('/v1/accounts/{id}/members/{memberId}/invitation', {
        params: { path: { id: accountId, memberId: id } },
      });
      return words.invited(email);
    },
    changes: [],
  });
  const close = () => setOpen(null);
  return (
    <Card title={words.members} note={words.membersNote} action={<Button onClick={adding.open}>{words.add}</Button>}>
      <Problem error={inviting.error} />
      <Loaded query={members}>
        {({ data: rows }) => (
          <Table
            caption={words.members}
            columns={columnsOf({ me, keysOf, onOpen: setOpen, onInvite: inviting.mutate, owners: countOwners(rows) })}
            rows={rows}
            rowKey={({ id }) => id}
            name="members"
          />
        )}
      </Loaded>
      {adding.isOpen && <MemberDialog accountId={accountId} onClose={adding.close} />}
      {open?.act === 'edit' && (
        <MemberDialog
          accountId={accountId}
          member={open.member}
          isLastOwner={isLastOwner(open.member, countOwners(members.data?.data ?? []))}
          onClose={close}
        />
      )}
      {open?.act === 'remove' && (
        <RemoveMember accountId={accountId} member={open.member} keys={keysOf(open.member.id)} onClose={close} />
      )}
    </Card>
  );
}

/** The API keeps the last owner in place: what it would refuse is not offered. */
const isLastOwner = ({ role }: Member, owners: number): boolean => role === 'owner' && owners <= 1;
const countOwners = (members: readonly Member[]): number => members.filter(({ role }) => role === 'owner').length;

type Columns = {
  me: string | undefined;
  owners: number;
  keysOf: (memberId: string) => number;
  onOpen: (open: Open) => void;
  onInvite: (member: Member) => void;
};

const columnsOf = ({ me, owners, keysOf, onOpen, onInvite }: Columns): Column<Member>[] => [
  {
    key: 'name',
    heading: words.columns.name,
    cell: ({ id, name }) => (id === me ? `${name} (${words.you})` : name),
    csv: ({ name }) => name,
    order: ({ name }) => name.toLowerCase(),
  },
  {
    key: 'email',
    heading: words.columns.email,
    cell: ({ email, confirmed }) => (
      <WithNote>
        {email}
        {!confirmed && (
          <>
            <Badge tone="warn">{words.unconfirmed}</Badge>
            <small>{words.unconfirmedWhy}</small>
          </>
        )}
      </WithNote>
    ),
    csv: ({ email }) => email,
  },
  {
    key: 'role',
    heading: words.columns.role,
    cell: ({ role }) => text.user.roles[role],
    csv: ({ role }) => role,
    order: ({ role }) => role,
  },
  {
    key: 'keys',
    heading: words.columns.keys,
    cell: ({ id }) => keysOf(id),
    csv: ({ id }) => String(keysOf(id)),
    isNumber: true,
  },
  {
    key: 'actions',
    heading: words.columns.actions,
    cell: (member) => (
      <RowActions>
        <RowAction label={words.edit} of={member.email} onClick={() => onOpen({ act: 'edit', member })} />
        {!member.confirmed && <RowAction label={words.invite} of={member.email} onClick={() => onInvite(member)} />}
        {!isLastOwner(member, owners) && (
          <RowAction label={words.remove} of={member.email} onClick={() => onOpen({ act: 'remove', member })} />
        )}
      </RowActions>
    ),
  },
];
