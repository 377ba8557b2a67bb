/** One account as an admin sees it: its state now, what may be done, and all that has happened (C2). */
import { useQuery } from '@tanstack/react-query';
import { SearchX } from 'lucide-react';
import { Link, useParams } from 'wouter';
import { accountQuery } from '../../api/accounts';
import { ButtonLink } from '../../components/Button';
import { PageHead } from '../../components/Card';
import { Empty, Loaded } from '../../components/States';
import { isClosed } from '../../features/account-acts/acts';
import { NoticesCard } from '../../features/notices/NoticesCard';
import { UsageReport } from '../../features/usage/UsageReport';
import { useLive } from '../../live/live';
import { text } from '../../text';
import styles from './Account.module.css';
import { Actions } from './Actions';
import { Now } from './Now';
import { Payments } from './Payments';
import { Timeline } from './Timeline';
import { Workflow } from './Workflow';

const USAGE_DAYS = 30;
/** At first. */
const NOTICES_SHOWN = 10;

export default function AccountPage() {
  const id = decodeURIComponent(useParams<{ id: string }>().id);
  const account = useQuery(accountQuery(id));
  // Only an account that there is has a stream.
  useLive(account.data?.id);
  return (
    <>
      <PageHead title={account.data?.name ?? id}>
        <span className={styles.links}>
          {account.data && !isClosed(account.data) && (
            <Link href={`/accounts/${encodeURIComponent(id)}/team`}>{text.accounts.team}</Link>
          )}
          <Link href={`/rejected-usage?account=${encodeURIComponent(id)}`}>{text.accounts.rejected}</Link>
          <Link href="/accounts">{text.accounts.back}</Link>
        </span>
      </PageHead>
      <Loaded
        query={account}
        lines={6}
        card={text.pages.account}
        missing={
          <Empty
            icon={SearchX}
            title={text.accounts.missing(id)}
            action={<ButtonLink href="/accounts">{text.accounts.back}</ButtonLink>}
          >
            {text.accounts.missingWhy}
          </Empty>
        }
      >
        {(found) => (
          <>
            <Now account={found} actions={<Actions account={found} />} />
            <Payments id={id} />
            <UsageReport id={id} days={USAGE_DAYS} fileName={`usage-${id}`} />
            <Timeline id={id} />
            <NoticesCard id={id} limit={NOTICES_SHOWN} fileName={`notices-${id}`} />
            <Workflow id={id} />
          </>
        )}
      </Loaded>
    </>
  );
}
