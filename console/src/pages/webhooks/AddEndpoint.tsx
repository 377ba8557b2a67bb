/** Registers an endpoint, and shows its signing secret once. */
import { useState } from 'react';
import { api, data } from '../../api/client';
import { keys } from '../../api/keys';
import type { WebhookEndpoint } from '../../api/webhooks';
import { ChangeDialog } from '../../components/ChangeDialog';
import { Field } from '../../components/Field';
import { SecretDialog } from '../../components/Secret';
import { useChange } from '../../components/useChange';
import { text } from '../../text';
import { EventChoice } from './EventChoice';

const words = text.webhooks;
type Events = WebhookEndpoint['events'];

export function AddEndpoint({ accountId, onClose }: { accountId: string; onClose: () => void }) {
  const [url, setUrl] = useState('');
  const [events, setEvents] = useState<Events>(['*']);
  const [secret, setSecret] = useState<string | null>(null);
  const adding = useChange({
    name: words.add,
    left: text.secret.left(words.add),
    change: async () => {
      const params = { path: { id: accountId } };
      // One or more kinds, or all: that they are not mixed is seen to by the choice itself.
      const body = { url, events: events as ['*'] };
      setSecret((await data(api.POST('/v1/accounts/{id}/webhook-endpoints', { params, body }))).secret);
      return null;
    },
    changes: [keys.topic(accountId, 'webhook_endpoints')],
  });
  if (secret !== null)
    return (
      <SecretDialog
        title={words.secret}
        label={words.secretLabel}
        secret={secret}
        why={words.secretWhy}
        onClose={onClose}
      />
    );
  return (
    <ChangeDialog title={words.add} why={words.addWhy} change={adding} isReady={events.length > 0} onClose={onClose}>
      <Field label={words.url} hint={words.urlHint}>
        <input type="url" value={url} onChange={(event) => setUrl(event.target.value)} required />
      </Field>
      <EventChoice events={events} onChange={setEvents} />
    </ChangeDialog>
  );
}
