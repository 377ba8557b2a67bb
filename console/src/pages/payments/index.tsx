/** How the account pays: methods, prepayments, and every reload with its attempts. */
import { useQuery } from '@tanstack/react-query';
import { accountQuery } from '../../api/accounts';
import { usePaged } from '../../api/paged';
import { reloadsList } from '../../api/autoReload';
import { prepaymentsList } from '../../api/payments';
import { PageHead } from '../../components/Card';
import { ButtonLink } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { Prepayments } from '../../features/payment/Prepayments';
import { Reloads } from '../../features/payment/Reloads';
import { useAccountId, useRole } from '../../session/session';
import { text } from '../../text';
import { FromProvider } from './FromProvider';
import { Methods } from './Methods';

export default function Payments() {
  const id = useAccountId();
  const isOwner = useRole() === 'owner';
  const account = useQuery(accountQuery(id)).data;
  const reloads = usePaged(reloadsList(id));
  const prepayments = usePaged(prepaymentsList(id));
  return (
    <>
      <PageHead title={text.pages.payments}>
        {isOwner && (
          <ButtonLink look="primary" href="/pay">
            {text.overview.addPrepayment}
          </ButtonLink>
        )}
      </PageHead>
      {isOwner && <FromProvider />}
      {isOwner && account?.autoReload.status === 'disabled_after_failures' && (
        <Notice
          tone="warn"
          action={<ButtonLink href="/overview?window=auto-reload">{text.overview.turnOn}</ButtonLink>}
        >
          {text.payments.disabled}
        </Notice>
      )}
      {isOwner && <Methods />}
      <Reloads accountId={id} list={reloads} mayAskWhy={isOwner} />
      <Prepayments list={prepayments} mayPay={isOwner} />
    </>
  );
}
