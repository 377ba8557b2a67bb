/** Makes a new signing secret and shows it once; the old one signs beside it for a while. */
import { useState } from 'react';
import { api, data } from '../../api/client';
import { keys } from '../../api/keys';
import type { WebhookEndpoint } from '../../api/webhooks';
import { ChangeDialog } from '../../components/ChangeDialog';
import { SecretDialog } from '../../components/Secret';
import { useChange } from '../../components/useChange';
import { formatTime } from '../../format/time';
import { text } from '../../text';

const words = text.webhooks;
type Props = { accountId: string; endpoint: WebhookEndpoint; onClose: () => void };

export function RotateSecret({ accountId, endpoint: { id: eid, url }, onClose }: Props) {
  const [made, setMade] = useState<{ secret: string; oldSecretSignsUntil: string } | null>(null);
  const rotating = useChange({
    name: words.rotate,
    left: text.secret.left(words.rotate),
    change: async () => {
      const params = { path: { id: accountId, eid } };
      setMade(await data(api.POST('/v1/accounts/{id}/webhook-endpoints/{eid}/rotate', { params })));
      return null;
    },
    changes: [keys.topic(accountId, 'webhook_endpoints')],
  });
  if (made)
    return (
      <SecretDialog
        title={words.secret}
        label={words.secretLabel}
        secret={made.secret}
        why={words.rotatedWhy(formatTime(made.oldSecretSignsUntil))}
        onClose={onClose}
      />
    );
  return <ChangeDialog title={words.rotate} why={words.rotateWhy(url)} change={rotating} onClose={onClose} />;
}
