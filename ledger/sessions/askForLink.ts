/** Asks for a link by which whoever owns an address signs in: one mail to it, if a member has confirmed it. */
import type { Tx } from '../db';
import { postMail } from '../notices/postMail';
import { listSignInMembers } from './listSignInMembers';

/** A link is good for so long, once. */
const GOOD_FOR = '10 minutes';
/** Links to one address: whoever asks on, writes nobody. */
const TO_ONE_ADDRESS_MAX = 5;
const COUNTED_FOR = '15 minutes';

/** The same steps whether the address is known or not, so that nobody can tell from outside. */
export async function askForLink(tx: Tx, email: string): Promise<void> {
  // Those who ask for the same address at the same moment are counted one after the other.
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('sign-in/' || lower($1), 0))`, [email]);
  const { rows } = await tx.query<{ id: string; expires_at: Date; before: number }>(
    `insert into sign_ins (email, expires_at) values ($1, now() + interval '${GOOD_FOR}')
     returning id, expires_at, (select count(*)::int from sign_ins
       where lower(email) = lower($1) and created_at > now() - interval '${COUNTED_FOR}') as before`,
    [email],
  );
  const { id, expires_at: expiresAt, before } = rows[0]!;
  const [member] = await listSignInMembers(tx, email);
  if (!member || before >= TO_ONE_ADDRESS_MAX) return;
  const notice = { kind: 'sign_in_link' as const, signInId: id, expiresAt: expiresAt.toISOString() };
  await postMail(tx, member.accountId, `sign-in/${id}`, [member.email], notice);
}
