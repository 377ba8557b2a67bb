/** Pause, resume, disable: at any time (A13). */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schemas } from '../../api/client';
import { keys } from '../../api/queries';
import { Button } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { toast } from '../../components/toast';
import { text } from '../../text';
import styles from './AutoReload.module.css';

const words = text.autoReload;
type Act = 'pause' | 'resume' | 'disable';
const DONE: Record<Act, string> = { pause: words.paused, resume: words.resumed, disable: words.disabled };

async function send(accountId: string, act: Act): Promise<unknown> {
  const params = { params: { path: { id: accountId } } };
  switch (act) {
    case 'pause':
      return api.POST('/v1/accounts/{id}/auto-reload/pause', params);
    case 'resume':
      return api.POST('/v1/accounts/{id}/auto-reload/resume', params);
    case 'disable':
      return api.DELETE('/v1/accounts/{id}/auto-reload', params);
  }
}

export function StopActions({ accountId, status }: { accountId: string; status: Schemas['AutoReload']['status'] }) {
  const queries = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const acting = useMutation({
    mutationFn: (act: Act) => send(accountId, act),
    onSuccess: (_, act) => toast(DONE[act]),
    onSettled: () => {
      setAsking(false);
      return queries.invalidateQueries({ queryKey: keys.account(accountId) });
    },
  });
  if (status === 'off') return null;
  const button = (act: Act) => (
    <Button
      look={act === 'disable' ? 'danger' : 'plain'}
      isRunning={acting.isPending && acting.variables === act}
      onClick={() => acting.mutate(act)}
    >
      {words[act]}
    </Button>
  );
  return (
    <div className={styles.stop}>
      {acting.isError && <Notice tone="bad">{acting.error.message}</Notice>}
      {isAsking ? (
        <Notice
          tone="warn"
          action={
            <span className={styles.buttons}>
              {button('disable')}
              <Button onClick={() => setAsking(false)}>{text.dialog.cancel}</Button>
            </span>
          }
        >
          {words.reallyDisable}
        </Notice>
      ) : (
        <div className={styles.buttons}>
          {status === 'on' && button('pause')}
          {status === 'paused' && button('resume')}
          {status !== 'disabled_after_failures' && (
            <Button look="danger" onClick={() => setAsking(true)}>
              {words.disable}
            </Button>
          )}
        </div>
      )}
    </div>
  );
}
