/** Invites a member whose address nobody has confirmed: one mail, to that address alone. */
import { randomUUID } from 'node:crypto';
import type { Tx } from '../db';
import { postMail } from '../notices/postMail';

/** An invitation's link is good for so long. */
const GOOD_FOR = '7 days';
/** Invitations go to people who have not asked for them: an account sends so many in a day, and so many to one address. */
const INVITATIONS_A_DAY_MAX = 60;
const TO_ONE_ADDRESS_MAX = 3;

/** The caller holds the lock of the account's members. False: there were enough of late, and nothing is sent. */
export async function inviteMember(tx: Tx, accountId: string, member: { id: string; email: string }): Promise<boolean> {
  const { rows } = await tx.query<{ all: number; to_one: number; expires_at: Date }>(
    `select now() + interval '${GOOD_FOR}' as expires_at, count(*)::int as all, count(*) filter (where lower(d.recipient) = lower($2))::int as to_one
     from notices n join notice_deliveries d on d.notice_id = n.id
     where n.account_id = $1 and n.kind = 'invitation' and n.at > now() - interval '1 day'`,
    [accountId, member.email],
  );
  const { all, to_one: toOne, expires_at: expiresAt } = rows[0]!;
  if (all >= INVITATIONS_A_DAY_MAX || toOne >= TO_ONE_ADDRESS_MAX) return false;
  const notice = { kind: 'invitation' as const, memberId: member.id, expiresAt: expiresAt.toISOString() };
  await postMail(tx, accountId, `invitation/${randomUUID()}`, [member.email], notice);
  return true;
}
