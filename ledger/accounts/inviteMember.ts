/** Invites a member whose address nobody has confirmed: one mail, to that address alone. */
import type { Tx } from '../db';

/** An invitation's link is good for so long. */
const GOOD_FOR = '7 days';
/** Invitations go to people who have not asked for them: an account sends so many in a day, and so many to one address. */
const INVITATIONS_A_DAY_MAX = 60;
const TO_ONE_ADDRESS_MAX = 3;

/** The caller holds the lock of the account's members. False: there were enough of late, and nothing is sent. */
export async function inviteMember(tx: Tx, accountId: string, member: { id: string; email: string }): Promise<boolean> {
  const { rows } = await tx.query<{ all: number; to_one: number }>(
    `select count(*)::int as all, count(*) filter (where lower(d.recipient) = lower($2))::int as to_one
     from notices n join notice_deliveries d on d.notice_id = n.id
     where n.account_id = $1 and n.kind = 'invitation' and n.at > now() - interval '1 day'`,
    [accountId, member.email],
  );
  const { all, to_one: toOne } = rows[0]!;
  if (all >= INVITATIONS_A_DAY_MAX || toOne >= TO_ONE_ADDRESS_MAX) return false;
  await tx.query(
    `with notice as (
       insert into notices (account_id, kind, key, data)
       values ($1, 'invitation', 'invitation/' || gen_random_uuid(), jsonb_build_object('memberId', $3::text, 'expiresAt',
         to_char(now() at time zone 'utc' + $4::interval, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))) returning id)
     insert into notice_deliveries (notice_id, recipient) select id, $2 from notice`,
    [accountId, member.email, member.id, GOOD_FOR],
  );
  return true;
}
