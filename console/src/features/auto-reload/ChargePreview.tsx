/** What will be charged now and next, as the server says, and to which card. */
import type { Schemas } from '../../api/client';
import { ProblemError } from '../../api/problem';
import { Button } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { addMoney, formatMoney } from '../../format/money';
import { formatClock, formatMinutes } from '../../format/time';
import { text } from '../../text';
import styles from './AutoReload.module.css';
import { Cards } from './Cards';
import { Refusal } from './SaveProblem';
import type { Preview, Previewed } from './wish';

const words = text.autoReload;
type Props = {
  previewed: Previewed;
  settings: Pick<Schemas['AutoReload'], 'status' | 'reload'>;
  /** What enables it is unticked while it is on or paused. */
  turnsOff: boolean;
  /** Null: not loaded. */
  balance: string | null;
  methods: readonly Schemas['PaymentMethod'][];
};

export const ChargePreview = ({ methods, ...said }: Props) => (
  <section className={styles.preview} aria-label={words.charges} aria-live="polite">
    <h3>{words.charges}</h3>
    <Said {...said} />
    <Cards methods={methods} />
  </section>
);

function Said({ previewed, settings, turnsOff, balance }: Omit<Props, 'methods'>) {
  if (turnsOff) return <p>{settings.status === 'paused' ? words.stillPaused : words.stillOn}</p>;
  switch (previewed.kind) {
    case 'none':
      return <p>{words.pickFirst}</p>;
    case 'asked':
      return <p>{words.asking}</p>;
    case 'failed':
      return previewed.error instanceof ProblemError && previewed.error.fields.size > 0 ? (
        <p>{words.correctFirst}</p>
      ) : (
        <Notice tone="bad" action={<Button onClick={previewed.again}>{text.states.retry}</Button>}>
          {previewed.error instanceof ProblemError ? previewed.error.message : text.states.unreachableWhy}
        </Notice>
      );
    case 'known':
      return previewed.preview.refusal ? (
        <Refusal {...previewed.preview.refusal} />
      ) : (
        <Charge preview={previewed.preview} settings={settings} balance={balance} />
      );
  }
}

type ChargeProps = Pick<Props, 'settings' | 'balance'> & { preview: Preview };

const Charge = ({ preview: { wouldCharge, minutesUntilReload }, settings, balance }: ChargeProps) => (
  <>
    <p className={wouldCharge === null ? undefined : styles.charged}>
      {wouldCharge === null ? nothingNow(settings) : words.chargedNow(formatMoney(wouldCharge))}
    </p>
    {wouldCharge !== null && balance !== null && (
      <p>{words.balanceThen(formatMoney(addMoney(balance, wouldCharge)))}</p>
    )}
    {settings.status !== 'paused' && minutesUntilReload !== null && minutesUntilReload > 0 && (
      <p>{words.next(formatMinutes(minutesUntilReload))}</p>
    )}
  </>
);

function nothingNow({ status, reload }: Props['settings']): string {
  if (reload === null) return status === 'paused' ? words.nothingPaused : words.nothingNow;
  const amount = formatMoney(reload.amount);
  return reload.state === 'waiting'
    ? words.inFlight.waiting(amount, formatClock(reload.nextAttemptAt))
    : words.inFlight[reload.state](amount);
}
