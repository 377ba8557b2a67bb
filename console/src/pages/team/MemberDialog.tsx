/** Adds a member, or changes one. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data, type Schemas } from '../../api/client';
import { keys } from '../../api/keys';
import { ChangeDialog } from '../../components/ChangeDialog';
import { Field } from '../../components/Field';
import { useChange } from '../../components/useChange';
import { followRole } from '../../session/presence';
import { useSession } from '../../session/session';
import { text } from '../../text';

type Member = Schemas['Member'];
const words = text.team;

export function MemberDialog({
  accountId,
  member,
  isLastOwner = false,
  onClose,
}: {
  accountId: string;
  /** Left out: a new one. */
  member?: Member;
  /** The role stays as it is. @default false */
  isLastOwner?: boolean;
  onClose: () => void;
}) {
  const { role: own, member: { id: me } = {} } = useSession();
  const isAdmin = own === 'admin';
  const queries = useQueryClient();
  const [name, setName] = useState(member?.name ?? '');
  const [email, setEmail] = useState(member?.email ?? '');
  const [role, setRole] = useState<Member['role']>(member?.role ?? 'member');
  const title = member ? words.editTitle(member.name) : words.add;
  const saving = useChange({
    name: title,
    change: async () => {
      const body = { name, email, role };
      if (!member) {
        await data(api.POST('/v1/accounts/{id}/members', { params: { path: { id: accountId } }, body }));
        return words.added(name);
      }
      const params = { path: { id: accountId, memberId: member.id } };
      await data(api.PATCH('/v1/accounts/{id}/members/{memberId}', { params, body: changesOf(member, body) }));
      if (member.id === me) await followRole(queries);
      return words.saved(name);
    },
    changes: [keys.topic(accountId, 'members'), keys.topic(accountId, 'keys')],
    onDone: onClose,
  });
  return (
    <ChangeDialog
      title={title}
      why={member ? words.editWhy : isAdmin ? words.addDirectlyWhy : words.addWhy}
      {...(member && { submit: words.save })}
      change={saving}
      onClose={onClose}
    >
      <Field label={words.name}>
        <input value={name} onChange={(event) => setName(event.target.value)} autoComplete="off" required />
      </Field>
      <Field label={words.email}>
        <input
          type="email"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          autoComplete="off"
          required
        />
      </Field>
      <Field label={words.role} {...(isLastOwner && { hint: words.lastOwner })}>
        <select value={role} disabled={isLastOwner} onChange={(event) => setRole(event.target.value as Member['role'])}>
          {Object.entries(words.roles).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </Field>
    </ChangeDialog>
  );
}

/** What stays the same is not sent: an address that is sent is one that somebody vouches for. */
const changesOf = (member: Member, wished: Pick<Member, 'name' | 'email' | 'role'>) => ({
  ...(wished.name !== member.name && { name: wished.name }),
  ...(wished.email !== member.email && { email: wished.email }),
  ...(wished.role !== member.role && { role: wished.role }),
});
