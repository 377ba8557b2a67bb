/** Makes a key of a member, and shows it once. */
import { useState } from 'react';
import { api, data, type Schemas } from '../../api/client';
import { keys } from '../../api/keys';
import { ChangeDialog } from '../../components/ChangeDialog';
import { Field } from '../../components/Field';
import { SecretDialog } from '../../components/Secret';
import { useChange } from '../../components/useChange';
import { useSession } from '../../session/session';
import { text } from '../../text';

const words = text.team;
type Props = { accountId: string; members: readonly Schemas['Member'][]; onClose: () => void };

export function MakeKey({ accountId, members, onClose }: Props) {
  const me = useSession().member?.id;
  const [memberId, setMember] = useState(members.find(({ id }) => id === me)?.id ?? members[0]?.id ?? '');
  const [made, setMade] = useState<string | null>(null);
  const making = useChange({
    name: words.makeKey,
    left: text.secret.left(words.makeKey),
    change: async () => {
      const answer = api.POST('/v1/accounts/{id}/keys', { params: { path: { id: accountId } }, body: { memberId } });
      setMade((await data(answer)).key);
      return null;
    },
    changes: [keys.topic(accountId, 'keys')],
  });
  const name = members.find(({ id }) => id === memberId)?.name ?? '';
  if (made !== null)
    return (
      <SecretDialog
        title={words.newKey}
        label={words.newKeyLabel(name)}
        secret={made}
        why={words.newKeyWhy}
        onClose={onClose}
      />
    );
  return (
    <ChangeDialog title={words.makeKey} why={words.makeKeyWhy} change={making} onClose={onClose}>
      <Field label={words.keyOf}>
        <select value={memberId} onChange={(event) => setMember(event.target.value)}>
          {members.map((member) => (
            <option key={member.id} value={member.id}>
              {`${member.name} · ${text.user.roles[member.role]}`}
            </option>
          ))}
        </select>
      </Field>
    </ChangeDialog>
  );
}
