/** A session in the console: of a key, or of a member who came by a link in a mail. Times are the database's. */
import { createHash, randomBytes } from 'node:crypto';
import type { KeyHolder } from '../accounts/apiKey';
import type { MemberRole } from '../accounts/member';

/** Without a request for so long a session ends. */
export const IDLE_SECONDS_MAX = 2 * 3_600;
/** A session ends so long after it began, whatever happens in it. */
export const SESSION_SECONDS_MAX = 12 * 3_600;

/** Whom a key or a session speaks for. */
export type Holder =
  | Pick<Extract<KeyHolder, { memberId: string }>, 'role' | 'name' | 'memberId' | 'accountId'>
  | Pick<Exclude<KeyHolder, { memberId: string }>, 'role' | 'name'>;

/** What the cookie holds. Only its SHA-256 is kept. */
export const newSessionToken = (): string => randomBytes(32).toString('base64url');
export const sessionHashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

export type HolderRow = {
  hash: Buffer;
  created_at: Date;
  email: string | null;
  role: 'admin' | 'service' | null;
  name: string;
  member_id: string | null;
  member_role: MemberRole;
  account_id: string;
};

/**
 * SQL: sessions in force with whom they speak for. One ends with its key, with its member, with the address that the
 * member was written to, when its account is about to be closed, and by its age.
 */
export const SESSIONS_IN_FORCE = `
  select s.hash, s.created_at, s.email, k.role, coalesce(m.email, k.name) as name,
    m.id as member_id, m.role as member_role, m.account_id
  from sessions s
  left join api_keys k on k.id = s.key_id and k.revoked_at is null
  left join (members m join accounts a on a.id = m.account_id and a.closing_at is null)
    on m.id = coalesce(s.member_id, k.member_id) and m.removed_at is null
  where s.used_at > now() - make_interval(secs => ${IDLE_SECONDS_MAX})
    and s.created_at > now() - make_interval(secs => ${SESSION_SECONDS_MAX})
    and case when s.key_id is not null then k.id is not null and (k.role <> 'member' or m.id is not null)
        else lower(m.email) = lower(s.email) end`;

export const toHolder = (row: HolderRow): Holder =>
  row.member_id === null
    ? { role: row.role!, name: row.name }
    : { role: row.member_role, name: row.name, memberId: row.member_id, accountId: row.account_id };
