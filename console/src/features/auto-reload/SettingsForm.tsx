/** The settings themselves: checkbox, threshold, amount, limit, consent, and what is charged now. */
import { useCallback, useState } from 'react';
import { api, data, type Schemas } from '../../api/client';
import { ProblemError } from '../../api/problem';
import { keys } from '../../api/keys';
import { Button } from '../../components/Button';
import { Choices, choiceOf, type Choice } from '../../components/Choices';
import { commaFault, Field, MoneyInput } from '../../components/Field';
import { useAsking } from '../../components/useAsking';
import { formatMoney } from '../../format/money';
import { text } from '../../text';
import { Agreement } from './Agreement';
import { chargeChangedTo, NO_CHARGE } from './announced';
import styles from './AutoReload.module.css';
import { ChangedElsewhere } from './ChangedElsewhere';
import { ChargePreview } from './ChargePreview';
import type { Disabling } from './disable';
import { Trial } from './Trial';
import { draftOf, useMovedCharge, usePreview, useTriable, wishOf, type Draft, type Wish } from './wish';

const words = text.autoReload;

type Props = {
  accountId: string;
  settings: Schemas['AutoReload'];
  /** Null: not loaded. What is charged to which card, and what the balance is then, is known before it can be agreed to. */
  methods: readonly Schemas['PaymentMethod'][] | null;
  balance: string | null;
  disabling: Disabling;
  onDone: () => void;
};

export function SettingsForm({ accountId, settings, methods, balance, disabling, onDone }: Props) {
  const [draft, setDraft] = useState(() => draftOf(settings));
  const change = (part: Partial<typeof draft>): void => setDraft((old) => ({ ...old, ...part }));
  const wish = wishOf(draft);
  const previewed = usePreview(accountId, draft.enable ? wish : null);
  const triable = useTriable(draft.enable ? wish : null, previewed);
  const untick = useCallback(() => setDraft((old) => ({ ...old, agrees: false })), []);
  useMovedCharge(wish, previewed, untick);
  const saving = useSaving(accountId, { onDone, onUnannounced: untick });
  const known = methods !== null && balance !== null && previewed.kind === 'known' ? previewed.preview : null;
  const announced = draft.enable && draft.agrees && wish !== null && known && { wish, charge: known.wouldCharge };
  const refused = previewed.kind === 'failed' ? previewed.error : saving.error;
  const fields: ReadonlyMap<string, string> = refused instanceof ProblemError ? refused.fields : new Map();
  const isRunning = settings.status === 'on' || settings.status === 'paused';
  const turnsOff = isRunning && !draft.enable;
  const { advice, presets, ranges, terms } = settings;
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (saving.isPending || disabling.isPending) return;
        if (turnsOff) disabling.mutate();
        else if (announced) saving.mutate(announced);
      }}
    >
      <div className={styles.columns}>
        <div className={styles.settings}>
          <ChangedElsewhere settings={settings} onTake={() => setDraft({ ...draftOf(settings), agrees: false })} />
          <label className={styles.check}>
            <input
              type="checkbox"
              checked={draft.enable}
              onChange={(event) => change({ enable: event.target.checked })}
            />
            <span>{words.enable}</span>
          </label>
          <Choices
            legend={words.threshold}
            presets={presets.threshold}
            value={draft.threshold}
            onChange={(threshold) => change({ threshold })}
            hint={hintOf(draft.threshold, ranges.threshold, advice.threshold)}
            error={customFault(draft.threshold) ?? fields.get('threshold')}
            disabled={!draft.enable}
          />
          <Choices
            legend={words.amount}
            presets={presets.amount}
            value={draft.amount}
            onChange={(amount) => change({ amount })}
            hint={hintOf(draft.amount, ranges.amount, advice.amount)}
            error={customFault(draft.amount) ?? fields.get('amount')}
            disabled={!draft.enable}
          />
          <div className={styles.start}>
            <Button
              look="quiet"
              disabled={!draft.enable}
              onClick={() =>
                change({
                  threshold: choiceOf(advice.threshold, presets.threshold),
                  amount: choiceOf(advice.amount, presets.amount),
                })
              }
            >
              {words.useAdvice}
            </Button>
          </div>
          <MonthlyLimit
            draft={draft}
            onChange={(monthlyLimit) => change({ monthlyLimit })}
            error={fields.get('monthlyLimit')}
          />
          <ChargePreview
            previewed={previewed}
            settings={settings}
            turnsOff={turnsOff}
            methods={methods ?? []}
            balance={balance}
          />
        </div>
        <Trial accountId={accountId} wish={triable} settings={settings} />
      </div>
      <Agreement
        terms={terms.text}
        draft={draft}
        onAgree={(agrees) => change({ agrees })}
        previewed={previewed}
        saving={saving}
        isReady={Boolean(announced)}
        isRunning={isRunning}
        turningOff={turnsOff ? disabling : null}
      />
    </form>
  );
}

const customFault = ({ picked, custom }: Choice): string | undefined =>
  picked === 'custom' ? commaFault(custom) : undefined;

type LimitProps = { draft: Draft; onChange: (typed: string) => void; error: string | undefined };

const MonthlyLimit = ({ draft: { enable, monthlyLimit }, onChange, error }: LimitProps) => (
  <Field label={words.monthlyLimit} hint={words.monthlyLimitHint} error={commaFault(monthlyLimit) ?? error}>
    <MoneyInput value={monthlyLimit} disabled={!enable} onChange={(event) => onChange(event.target.value)} />
  </Field>
);

/** What is advised; and what an own amount may be, where one is typed. */
function hintOf({ picked }: Choice, { min, max }: { min: string; max: string }, advised: string): string {
  const advice = words.advised(formatMoney(advised));
  return picked === 'custom' ? `${words.range(formatMoney(min), formatMoney(max))} ${advice}` : advice;
}

type Announced = { wish: Wish; charge: string | null };
type Saved = { status: Schemas['AutoReload']['status']; charged: { amount: string } | null; pending?: true };

const useSaving = (accountId: string, { onDone, onUnannounced }: { onDone: () => void; onUnannounced: () => void }) =>
  useAsking<Announced, Saved>({
    name: words.title,
    ask: ({ wish, charge }) =>
      data(
        api.PUT('/v1/accounts/{id}/auto-reload', {
          params: { path: { id: accountId } },
          body: { ...wish, acceptTerms: true, expectedCharge: charge ?? NO_CHARGE },
        }),
      ).catch((error: Error) => {
        if (chargeChangedTo(error)) onUnannounced();
        throw error;
      }),
    news: newsOf,
    changes: [keys.account(accountId)],
    onDone,
  });

function newsOf({ status, charged, pending }: Saved): string {
  if (pending) return words.pending;
  if (charged) return words.savedCharged(formatMoney(charged.amount));
  return status === 'paused' ? words.savedPaused : words.saved;
}
