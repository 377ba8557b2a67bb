/** Pause, resume, disable: at any time (A13). What resuming charges at once is said before, and nothing else is charged. */
import { useState } from 'react';
import { api, type Schemas } from '../../api/client';
import { keys } from '../../api/keys';
import { Button } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { Problem } from '../../components/Problem';
import { useAsking } from '../../components/useAsking';
import { addMoney, formatMoney } from '../../format/money';
import { text } from '../../text';
import styles from './AutoReload.module.css';
import { Cards } from './Cards';
import { chargeChangedTo, NO_CHARGE } from './announced';
import type { Disabling } from './disable';

const words = text.autoReload;
type Settings = Schemas['AutoReload'];

type Props = {
  accountId: string;
  settings: Settings;
  /** Null: not loaded. Nothing is charged before card and balance are known. */
  methods: readonly Schemas['PaymentMethod'][] | null;
  balance: string | null;
  disabling: Disabling;
};

export function StopActions({ accountId, settings, methods, balance, disabling }: Props) {
  const [isAsking, setAsking] = useState(false);
  const pausing = usePausing(accountId);
  const resuming = useResuming(accountId);
  const charge = settings.resumeWouldCharge;
  const changed = chargeChangedTo(resuming.error);
  return (
    <div className={styles.stop}>
      {/* The window stays: said in it, as what lies under a window is not read out. */}
      {pausing.isSuccess && settings.status === 'paused' && <Notice tone="good">{words.paused}</Notice>}
      {resuming.isSuccess && settings.status === 'on' && <Notice tone="good">{words.resumed}</Notice>}
      {changed && <Notice tone="warn">{words.resumeChanged(changed.charge && formatMoney(changed.charge))}</Notice>}
      <Problem error={pausing.error ?? disabling.error ?? (changed ? null : resuming.error)} />
      {isAsking ? (
        <Notice
          tone="warn"
          action={
            <span className={styles.buttons}>
              <Button look="danger" isRunning={disabling.isPending} onClick={() => disabling.mutate()}>
                {words.disable}
              </Button>
              <Button onClick={() => setAsking(false)}>{text.dialog.cancel}</Button>
            </span>
          }
        >
          {words.reallyDisable}
        </Notice>
      ) : (
        <>
          {charge !== null && (
            <div>
              <p className={styles.charged}>{words.resumeCharges(formatMoney(charge), chargedBy(settings))}</p>
              {balance !== null && <p>{words.balanceThen(formatMoney(addMoney(balance, charge)))}</p>}
              <Cards methods={methods ?? []} />
            </div>
          )}
          <div className={styles.buttons}>
            {settings.status === 'on' ? (
              <Button isRunning={pausing.isPending} onClick={() => pausing.mutate()}>
                {words.pause}
              </Button>
            ) : (
              <Button
                isRunning={resuming.isPending}
                disabled={charge !== null && (methods === null || balance === null)}
                onClick={() => resuming.mutate(charge)}
              >
                {charge === null ? words.resume : words.resumeFor(formatMoney(charge))}
              </Button>
            )}
            <Button look="danger" onClick={() => setAsking(true)}>
              {words.disable}
            </Button>
          </div>
        </>
      )}
    </div>
  );
}

/** The amount of each reload, where it takes more than one (A6). */
const chargedBy = ({ amount, resumeWouldCharge }: Settings): string | null =>
  amount === null || amount === resumeWouldCharge ? null : formatMoney(amount);

const usePausing = (accountId: string) =>
  useAsking<void, unknown>({
    name: words.pause,
    ask: () => api.POST('/v1/accounts/{id}/auto-reload/pause', { params: { path: { id: accountId } } }),
    news: () => null,
    left: () => words.paused,
    changes: [keys.account(accountId)],
  });

/** @param charge what was said that it charges at once; null: nothing */
const useResuming = (accountId: string) =>
  useAsking<string | null, unknown>({
    name: words.resume,
    ask: (charge) =>
      api.POST('/v1/accounts/{id}/auto-reload/resume', {
        params: { path: { id: accountId } },
        body: { expectedCharge: charge ?? NO_CHARGE },
      }),
    news: () => null,
    left: () => words.resumed,
    changes: [keys.account(accountId)],
  });
