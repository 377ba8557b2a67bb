/** The people of an account and their keys. An owner's own account; an admin's, of any. */
import { useQuery } from '@tanstack/react-query';
import { Lock } from 'lucide-react';
import { Link, useParams } from 'wouter';
import { accountQuery } from '../../api/accounts';
import { keysQuery, membersQuery } from '../../api/team';
import { PageCard, PageHead } from '../../components/Card';
import { Empty } from '../../components/States';
import { isClosed } from '../../features/account-acts/acts';
import { useLive } from '../../live/live';
import { useSession } from '../../session/session';
import { text } from '../../text';
import { Keys } from './Keys';
import { Members } from './Members';

const words = text.team;

export default function TeamPage() {
  const { accountId } = useSession();
  const { id = accountId ?? '' } = useParams<{ id?: string }>();
  const isOfAnother = id !== accountId;
  const members = useQuery(membersQuery(id));
  const keys = useQuery(keysQuery(id));
  // An owner's own account is open: whoever it is closed for is signed out.
  const account = useQuery({ ...accountQuery(id), enabled: isOfAnother }).data;
  useLive(isOfAnother ? id : undefined);
  return (
    <>
      <PageHead title={text.pages.team}>
        {isOfAnother && <Link href={`/accounts/${encodeURIComponent(id)}`}>{text.accounts.backTo(id)}</Link>}
      </PageHead>
      {isOfAnother && account && isClosed(account) ? (
        <PageCard>
          <Empty icon={Lock} title={words.closed}>
            {words.closedWhy}
          </Empty>
        </PageCard>
      ) : (
        <>
          <Members accountId={id} members={members} keysOf={countKeys(keys.data?.data ?? [])} />
          <Keys accountId={id} keys={keys} members={members.data?.data ?? []} />
        </>
      )}
    </>
  );
}

const countKeys = (keys: readonly { memberId: string | null }[]) => (memberId: string) =>
  keys.filter((key) => key.memberId === memberId).length;
