import { api } from '../../api/client';
import { keys } from '../../api/keys';
import type { WebhookEndpoint } from '../../api/webhooks';
import { ChangeDialog } from '../../components/ChangeDialog';
import { useChange } from '../../components/useChange';
import { text } from '../../text';

const words = text.webhooks;
type Props = { accountId: string; endpoint: WebhookEndpoint; onClose: () => void };

/** Asks before an endpoint is removed and what waits for it is dropped. */
export function RemoveEndpoint({ accountId, endpoint: { id: eid, url }, onClose }: Props) {
  const removing = useChange({
    name: words.removeTitle,
    change: async () => {
      await api.DELETE('/v1/accounts/{id}/webhook-endpoints/{eid}', { params: { path: { id: accountId, eid } } });
      return words.removed;
    },
    changes: [keys.topic(accountId, 'webhook_endpoints')],
    onDone: onClose,
  });
  return (
    <ChangeDialog
      title={words.removeTitle}
      why={words.removeWhy(url)}
      submit={words.remove}
      change={removing}
      onClose={onClose}
      isDanger
    />
  );
}
