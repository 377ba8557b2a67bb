import { api, type Schemas } from '../../api/client';
import { keys as queryKeys } from '../../api/keys';
import { ChangeDialog } from '../../components/ChangeDialog';
import { useChange } from '../../components/useChange';
import { text } from '../../text';

const words = text.team;
type Props = { accountId: string; member: Schemas['Member']; keys: number; onClose: () => void };

/** Asks before a member is removed and all their keys with them. */
export function RemoveMember({ accountId, member: { id, name }, keys, onClose }: Props) {
  const removing = useChange({
    name: words.removeTitle(name),
    change: async () => {
      await api.DELETE('/v1/accounts/{id}/members/{memberId}', { params: { path: { id: accountId, memberId: id } } });
      return words.removed(name);
    },
    changes: [queryKeys.topic(accountId, 'members'), queryKeys.topic(accountId, 'keys')],
    onDone: onClose,
  });
  return (
    <ChangeDialog
      title={words.removeTitle(name)}
      why={words.removeWhy(keys)}
      submit={words.remove}
      change={removing}
      onClose={onClose}
      isDanger
    />
  );
}
