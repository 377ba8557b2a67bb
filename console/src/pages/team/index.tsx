/** The people of an account and their keys. An owner's own account; an admin's, of any. */
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'wouter';
import { keysQuery, membersQuery } from '../../api/team';
import { PageHead } from '../../components/Card';
import { useLive } from '../../live/live';
import { useSession } from '../../session/session';
import { text } from '../../text';
import { Keys } from './Keys';
import { Members } from './Members';

export default function TeamPage() {
  const { accountId } = useSession();
  const { id = accountId ?? '' } = useParams<{ id?: string }>();
  const isOfAnother = id !== accountId;
  const members = useQuery(membersQuery(id));
  const keys = useQuery(keysQuery(id));
  useLive(isOfAnother ? id : undefined);
  return (
    <>
      <PageHead title={text.pages.team}>
        {isOfAnother && <Link href={`/accounts/${encodeURIComponent(id)}`}>{text.accounts.backTo(id)}</Link>}
      </PageHead>
      <Members accountId={id} members={members} keysOf={countKeys(keys.data?.data ?? [])} />
      <Keys accountId={id} keys={keys} members={members.data?.data ?? []} />
    </>
  );
}

const countKeys = (keys: readonly { memberId: string | null }[]) => (memberId: string) =>
  keys.filter((key) => key.memberId === memberId).length;
