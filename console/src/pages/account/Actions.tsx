/** What an admin may do to an account's money and access. Each has a window with an address, to which the palette leads, too. */
import type { Schemas } from '../../api/client';
import { Button } from '../../components/Button';
import { useWindows } from '../../components/useWindow';
import { actsOf, type Act } from '../../features/account-acts/acts';
import { text } from '../../text';
import styles from './Account.module.css';
import { AdjustDialog } from './AdjustDialog';
import { CloseDialog } from './CloseDialog';
import { LiftDialog } from './LiftDialog';
import { SuspendDialog } from './SuspendDialog';

const words = text.accounts;
const DANGERS: readonly Act[] = ['suspend', 'close'];
/** Suspending and lifting take each other's place: their button stays, and with it the focus. */
const placeOf = (act: Act): string => (act === 'suspend' || act === 'lift' ? 'access' : act);

export function Actions({ account }: { account: Schemas['Account'] }) {
  const { id } = account;
  const { shown, open, close } = useWindows('payment');
  const acts = actsOf(account);
  return (
    <span className={styles.actions}>
      {acts
        // Refunds are made of a payment: their buttons are in its row.
        .filter((act) => act !== 'refund')
        .map((act) => (
          <Button key={placeOf(act)} look={DANGERS.includes(act) ? 'danger' : 'plain'} onClick={() => open(act)}>
            {words.acts[act]}
          </Button>
        ))}
      {acts.includes(shown as Act) && (
        <Window act={shown as Act} account={account} onClose={close} key={`${id} ${shown}`} />
      )}
    </span>
  );
}

type WindowProps = { act: Act; account: Schemas['Account']; onClose: () => void };

function Window({ act, account, onClose }: WindowProps) {
  const { id } = account;
  switch (act) {
    case 'adjust':
      return <AdjustDialog account={account} onClose={onClose} />;
    case 'suspend':
      return <SuspendDialog id={id} onClose={onClose} />;
    case 'lift':
      return <LiftDialog id={id} reason="admin_suspended" onClose={onClose} />;
    case 'lift-dispute':
      return <LiftDialog id={id} reason="payment_disputed" onClose={onClose} />;
    case 'close':
      return <CloseDialog account={account} onClose={onClose} />;
    case 'refund':
      return null;
  }
}
