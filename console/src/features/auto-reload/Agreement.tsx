/** The end of the window, always in sight: the consent, what is charged at once, and the button (A5, A14). */
import { Button } from '../../components/Button';
import { DialogFoot } from '../../components/Dialog';
import { Problem } from '../../components/Problem';
import { formatMoney } from '../../format/money';
import { text } from '../../text';
import styles from './AutoReload.module.css';
import { SaveProblem } from './SaveProblem';
import type { Draft, Previewed } from './wish';

const words = text.autoReload;

type Props = {
  terms: string;
  draft: Draft;
  onAgree: (agrees: boolean) => void;
  previewed: Previewed;
  saving: { error: Error | null; isPending: boolean };
  /** All that is needed is there. */
  isReady: boolean;
  /** Auto-reload is on or paused: this changes it. */
  isRunning: boolean;
  /** What enables it is unticked while it is on or paused: this turns it off. Null: it is ticked, or off anyway. */
  turningOff: { error: Error | null; isPending: boolean } | null;
};

export function Agreement({ terms, draft, onAgree, previewed, saving, isReady, isRunning, turningOff }: Props) {
  if (turningOff)
    return (
      <DialogFoot>
        <Problem error={turningOff.error} />
        <div className={styles.submit}>
          <Button type="submit" look="danger" isRunning={turningOff.isPending}>
            {words.turnOff}
          </Button>
        </div>
      </DialogFoot>
    );
  const charge = previewed.kind === 'known' ? previewed.preview.wouldCharge : null;
  return (
    <DialogFoot>
      <SaveProblem error={saving.error} isRunning={isRunning} />
      <label className={`${styles.check} ${styles.terms}`}>
        <input
          type="checkbox"
          checked={draft.agrees}
          disabled={!draft.enable}
          onChange={(event) => onAgree(event.target.checked)}
        />
        <span>{terms}</span>
      </label>
      <div className={styles.submit}>
        <Button type="submit" look="primary" isRunning={saving.isPending} disabled={!isReady}>
          {isRunning ? words.save : words.submit}
        </Button>
        {charge !== null && <span className={styles.charged}>{words.chargedWith(formatMoney(charge))}</span>}
      </div>
    </DialogFoot>
  );
}
