/** What will be charged now and next, as the server says, and to which card. */
import type { Schemas } from '../../api/client';
import { cardName } from '../payment/card';
import { Notice } from '../../components/Notice';
import { formatMoney } from '../../format/money';
import { formatMinutes } from '../../format/time';
import { text } from '../../text';
import styles from './AutoReload.module.css';
import type { usePreview } from './wish';

const words = text.autoReload;
type Props = {
  preview: ReturnType<typeof usePreview>['data'];
  methods: readonly Schemas['PaymentMethod'][];
};

export function ChargePreview({ preview, methods }: Props) {
  const primary = methods.find(({ role }) => role === 'primary');
  const backup = methods.find(({ role }) => role === 'backup');
  return (
    <section className={styles.preview} aria-label={words.charges} aria-live="polite">
      <h3>{words.charges}</h3>
      {preview === undefined ? (
        <p>{words.pickFirst}</p>
      ) : preview.refusal ? (
        <Notice tone="bad">{preview.refusal.detail}</Notice>
      ) : (
        <>
          <p className={preview.wouldCharge === null ? undefined : styles.charged}>
            {preview.wouldCharge === null ? words.nothingNow : words.chargedNow(formatMoney(preview.wouldCharge))}
          </p>
          {preview.minutesUntilReload !== null && preview.minutesUntilReload > 0 && (
            <p>{words.next(formatMinutes(preview.minutesUntilReload))}</p>
          )}
        </>
      )}
      {primary && (
        <p className={styles.quiet}>
          {words.card(cardName(primary))} {backup && words.backup(cardName(backup))}
        </p>
      )}
    </section>
  );
}
