/** The auto-reload window of seed 000, word for word; with the server's preview, its advice, a trial, and the ways to stop. */
import { useQuery } from '@tanstack/react-query';
import { accountQuery } from '../../api/accounts';
import { autoReloadQuery } from '../../api/autoReload';
import { methodsQuery } from '../../api/payments';
import { ButtonLink } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Notice } from '../../components/Notice';
import { Loaded, Unread } from '../../components/States';
import { formatMoney } from '../../format/money';
import { useAccountId } from '../../session/session';
import { text } from '../../text';
import { useDisable } from './disable';
import { FailedMethods } from './FailedMethods';
import { useReadWithBalance } from './readWithBalance';
import { SettingsForm } from './SettingsForm';
import { StopActions } from './StopActions';

const words = text.autoReload;

export default function AutoReloadWindow({ onClose }: { onClose: () => void }) {
  const id = useAccountId();
  const autoReload = useQuery(autoReloadQuery(id));
  const methods = useQuery(methodsQuery(id));
  const account = useQuery(accountQuery(id));
  useReadWithBalance(id, autoReload);
  // Of the window: what begins it is gone as soon as auto-reload is off, which the stream may tell before the answer.
  const disabling = useDisable(id, onClose);
  const charged = { methods: methods.data?.data ?? null, balance: account.data?.balance ?? null };
  return (
    <Dialog title={words.title} isOpen onClose={onClose} isForm isWide>
      <Loaded query={autoReload} lines={9}>
        {(settings) => (
          <>
            {settings.status === 'disabled_after_failures' && <FailedMethods accountId={id} />}
            {methods.data?.data.every(({ role }) => role !== 'primary') && (
              <Notice tone="warn" action={<ButtonLink href="/payments">{words.addMethod}</ButtonLink>}>
                {words.needsMethod}
              </Notice>
            )}
            <Unread what={words.methods} query={methods} />
            <Unread what={words.balance} query={account} />
            {(settings.status === 'on' || settings.status === 'paused') && (
              <>
                <p>
                  {words.status(
                    formatMoney(settings.spentThisMonth),
                    settings.monthlyLimit && formatMoney(settings.monthlyLimit),
                    settings.reload !== null,
                  )}
                </p>
                <StopActions {...charged} accountId={id} settings={settings} disabling={disabling} />
              </>
            )}
            <SettingsForm accountId={id} settings={settings} {...charged} disabling={disabling} onDone={onClose} />
          </>
        )}
      </Loaded>
    </Dialog>
  );
}
