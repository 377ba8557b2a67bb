/** The settings themselves: checkbox, threshold, amount, limit, consent, and what is charged now. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data, type Schemas } from '../../api/client';
import { ProblemError } from '../../api/problem';
import { keys } from '../../api/keys';
import { Button } from '../../components/Button';
import { Choices, choiceOf, type Choice } from '../../components/Choices';
import { Field, MoneyInput } from '../../components/Field';
import { toast } from '../../components/toast';
import { formatMoney } from '../../format/money';
import { text } from '../../text';
import { Agreement } from './Agreement';
import styles from './AutoReload.module.css';
import { ChangedElsewhere } from './ChangedElsewhere';
import { ChargePreview } from './ChargePreview';
import { Trial } from './Trial';
import { draftOf, usePreview, useTriable, wishOf, type Wish } from './wish';

const words = text.autoReload;

type Props = {
  accountId: string;
  settings: Schemas['AutoReload'];
  methods: readonly Schemas['PaymentMethod'][];
  onDone: () => void;
};

export function SettingsForm({ accountId, settings, methods, onDone }: Props) {
  const [draft, setDraft] = useState(() => draftOf(settings));
  const change = (part: Partial<typeof draft>): void => setDraft((old) => ({ ...old, ...part }));
  const wish = wishOf(draft);
  const previewed = usePreview(accountId, draft.enable ? wish : null);
  const triable = useTriable(draft.enable ? wish : null, previewed);
  const saving = useSaving(accountId, onDone);
  // What a charge would be is known before it can be agreed to.
  const isReady = draft.enable && draft.agrees && wish !== null && previewed.kind === 'known';
  const refused = previewed.kind === 'failed' ? previewed.error : saving.error;
  const fields: ReadonlyMap<string, string> = refused instanceof ProblemError ? refused.fields : new Map();
  const isRunning = settings.status === 'on' || settings.status === 'paused';
  const { advice, presets, ranges, terms } = settings;
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady && !saving.isPending) saving.mutate(wish);
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
            error={fields.get('threshold')}
            disabled={!draft.enable}
          />
          <Choices
            legend={words.amount}
            presets={presets.amount}
            value={draft.amount}
            onChange={(amount) => change({ amount })}
            hint={hintOf(draft.amount, ranges.amount, advice.amount)}
            error={fields.get('amount')}
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
          <Field label={words.monthlyLimit} hint={words.monthlyLimitHint} error={fields.get('monthlyLimit')}>
            <MoneyInput
              value={draft.monthlyLimit}
              disabled={!draft.enable}
              onChange={(event) => change({ monthlyLimit: event.target.value })}
            />
          </Field>
          <ChargePreview previewed={previewed} reload={settings.reload} methods={methods} />
        </div>
        <Trial accountId={accountId} wish={triable} settings={settings} />
      </div>
      <Agreement
        terms={terms.text}
        draft={draft}
        onAgree={(agrees) => change({ agrees })}
        previewed={previewed}
        saving={saving}
        isReady={isReady}
        isRunning={isRunning}
      />
    </form>
  );
}

/** What is advised; and what an own amount may be, where one is typed. */
function hintOf({ picked }: Choice, { min, max }: { min: string; max: string }, advised: string): string {
  const advice = words.advised(formatMoney(advised));
  return picked === 'custom' ? `${words.range(formatMoney(min), formatMoney(max))} ${advice}` : advice;
}

function useSaving(accountId: string, onDone: () => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (wish: Wish) =>
      data(
        api.PUT('/v1/accounts/{id}/auto-reload', {
          params: { path: { id: accountId } },
          body: { ...wish, acceptTerms: true },
        }),
      ),
    onSuccess: (answer) => {
      toast(
        'pending' in answer
          ? words.pending
          : answer.charged
            ? words.savedCharged(formatMoney(answer.charged.amount))
            : words.saved,
      );
      onDone();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: keys.account(accountId) }),
  });
}
