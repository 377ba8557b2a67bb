/** Pause, resume, disable: at any time (A13). */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api/client';
import { keys } from '../../api/keys';
import { Button } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { Problem } from '../../components/Problem';
import { toast } from '../../components/toast';
import { text } from '../../text';
import styles from './AutoReload.module.css';

const words = text.autoReload;
type Act = 'pause' | 'resume' | 'disable';
/** The window stays: said in it, as what lies under a window is not read out. */
const DONE = { pause: words.paused, resume: words.resumed } as const;

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

type Props = { accountId: string; status: 'on' | 'paused'; onDisabled: () => void };

export function StopActions({ accountId, status, onDisabled }: Props) {
  const queries = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const acting = useMutation({
    mutationFn: (act: Act) => send(accountId, act),
    onSuccess: (_, act) => {
      if (act !== 'disable') return;
      toast(words.disabled);
      onDisabled();
    },
    onSettled: () => {
      setAsking(false);
      return queries.invalidateQueries({ queryKey: keys.account(accountId) });
    },
  });
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
      {acting.isSuccess && acting.variables !== 'disable' && <Notice tone="good">{DONE[acting.variables]}</Notice>}
      <Problem error={acting.error} />
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
          {button(status === 'on' ? 'pause' : 'resume')}
          <Button look="danger" onClick={() => setAsking(true)}>
            {words.disable}
          </Button>
        </div>
      )}
    </div>
  );
}
