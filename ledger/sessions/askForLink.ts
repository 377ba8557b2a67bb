/** Asks for a link by which whoever owns an address signs in: one mail to it, if a member has confirmed it. */
import type { Tx } from '../db';
import { postMail } from '../notices/postMail';
import { listSignInMembers } from './listSignInMembers';

/** A link is good for so long, once. */
const GOOD_FOR = '10 minutes';
/** One that is over sooner than this is of no use to who opens the mailbox now. */
const LEFT_TO_OPEN_IT = '2 minutes';
/** So many links to one address may be good at once. Who asks for more has these in the mailbox. */
const GOOD_AT_ONCE_MAX = 5;
/** Beyond so many in a day that nobody used, somebody floods the mailbox: then one is good at once. */
const UNUSED_IN_A_DAY_MAX = 20;

/**
 * Sends no link while enough earlier ones are good, and for no other reason: so whatever strangers ask for, the mailbox
 * has a link that signs in, and gets some 200 in a day at most. Only what was mailed counts. The steps are the same
 * whether the address is known or not, so that nobody can tell from outside.
 */
export async function askForLink(tx: Tx, email: string): Promise<void> {
  // Those who ask for the same address at the same moment are counted one after the other.
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('sign-in/' || lower($1), 0))`, [email]);
  const [member] = await listSignInMembers(tx, email);
  const { rows } = await tx.query<{ id: string; expires_at: Date; is_mailed: boolean }>(
    `with mailed as (
       select count(*) as unused, count(*) filter (where expires_at > now() + interval '${LEFT_TO_OPEN_IT}') as good
       from sign_ins where lower(email) = lower($1) and created_at > now() - interval '1 day'
         and expires_at > created_at and used_at is null),
     -- What is not mailed is over from its beginning, and leaves no more than one row of an address.
     earlier as (delete from sign_ins where lower(email) = lower($1) and expires_at <= created_at),
     next as (select $2 and good < case when unused < ${UNUSED_IN_A_DAY_MAX} then ${GOOD_AT_ONCE_MAX} else 1 end as is_mailed from mailed)
     insert into sign_ins (email, expires_at)
     select $1, now() + case when is_mailed then interval '${GOOD_FOR}' else interval '0' end from next
     returning id, expires_at, expires_at > created_at as is_mailed`,
    [email, member !== undefined],
  );
  const { id, expires_at: expiresAt, is_mailed: isMailed } = rows[0]!;
  if (!member || !isMailed) return;
  const notice = { kind: 'sign_in_link' as const, signInId: id, expiresAt: expiresAt.toISOString() };
  await postMail(tx, member.accountId, `sign-in/${id}`, [member.email], notice);
}
