/** Sessions of the console: signing in with a key, a token or a link in a mail; who am I; choosing an account; signing out. */
import { z } from 'zod';
import { notFound, Problem } from '../../domain/errors';
import { findKeyHolders } from '../../ledger/accounts/findKeyHolders';
import { hashOf, type KeyHolder } from '../../ledger/accounts/apiKey';
import { recordAudit } from '../../ledger/audit/recordAudit';
import { transaction, type Db, type Tx } from '../../ledger/db';
import { askForLink } from '../../ledger/sessions/askForLink';
import { beginSession } from '../../ledger/sessions/beginSession';
import { createSignInToken } from '../../ledger/sessions/createSignInToken';
import { endSession } from '../../ledger/sessions/endSession';
import { listSignInMembers } from '../../ledger/sessions/listSignInMembers';
import { readSession } from '../../ledger/sessions/readSession';
import { sessionHashOf, type Holder } from '../../ledger/sessions/session';
import { readSignedIn } from '../../ledger/sessions/readSignedIn';
import { takeSignInToken } from '../../ledger/sessions/takeSignInToken';
import { admit, isRefusal } from '../http/admit';
import { accepted, created, noContent, ok, type Call } from '../http/endpoint';
import { accountId, email, memberRole, time, uuid } from '../http/schemas';
import { endpoint, type Uses } from '../services';

const secret = z.string().min(1).max(256);
const session = z
  .strictObject({
    role: z.enum(['admin', 'service', ...memberRole.options]),
    accountId: accountId.optional().meta({ description: 'Of a member.' }),
    member: z.strictObject({ id: uuid, name: z.string(), email: z.string() }).optional(),
    accounts: z
      .array(z.strictObject({ id: accountId, name: z.string(), role: memberRole }))
      .meta({ description: 'Those that a member who came by a link may choose from; of a key, its own.' }),
    expiresAt: time.optional().meta({ description: 'The latest end of the session; absent by key.' }),
  })
  .meta({ id: 'Session' });

/** Answers of secrets and cookies are nobody else's. */
const UNSTORED = { 'Cache-Control': 'no-store' };

type Asking = Pick<Call, 'header' | 'address'>;

export const signIn = endpoint({
  body: {
    schema: z.union([
      z.strictObject({ key: secret }),
      z.strictObject({ token: secret }),
      z.strictObject({ email }),
      z.strictObject({ accountId }),
    ]),
  },
  replies: { 200: session, 202: null },
  uses: ['pool', 'keyring', 'cookies', 'limiter'],
  refusals: ['unauthenticated', 'not_found', 'cross_site_request', 'rate_limited', 'database_unavailable'],
  async handle({ body, ...asking }, services) {
    services.cookies.requireSameOrigin(asking.header, 'without_cookie');
    if ('email' in body) {
      await services.limiter.take('sign_in_mail', { address: asking.address() });
      await transaction(services.pool, (tx) => askForLink(tx, body.email));
      return accepted(undefined);
    }
    if ('accountId' in body) return chooseAccount(body.accountId, asking, services);
    const token =
      'key' in body
        ? await signInWithKey(body.key, asking, services)
        : await signInWithToken(body.token, asking, services);
    return signedIn(token, asking, services);
  },
});

async function signInWithKey(
  key: string,
  asking: Asking,
  services: Uses<'pool' | 'keyring' | 'limiter'>,
): Promise<string> {
  const { pool } = services;
  const holder = await holderOf(key, asking, services);
  return transaction(pool, async (tx) => {
    await record(tx, holder, 'key');
    return beginSession(tx, { keyId: holder.keyId });
  });
}

/** Whose key it is. A wrong one is counted; a right one begins so many sessions and tokens in an hour. */
async function holderOf(
  key: string,
  { address }: Asking,
  { pool, keyring, limiter }: Uses<'pool' | 'keyring' | 'limiter'>,
): Promise<KeyHolder> {
  const hash = hashOf(key);
  const identity = { by: 'key', secret: `Bearer ${key}` } as const;
  await admit({ keyring, limiter }, identity, address).catch((error: unknown) => {
    throw isRefusal(error) ? unknownKey() : error;
  });
  const [holder] = await findKeyHolders(pool, [hash]);
  if (!holder) throw unknownKey();
  await limiter.take('sign_in', { key: hash.toString('hex') });
  return holder;
}

const unknownKey = (): Problem => new Problem('unauthenticated', 'This key is unknown, or was revoked.');

async function signInWithToken(
  token: string,
  { address }: Asking,
  { pool, limiter }: Uses<'pool' | 'limiter'>,
): Promise<string> {
  const refusal = await limiter.refusalOf('wrong_key', { address: address() });
  if (refusal) throw refusal;
  const begun = await transaction(pool, async (tx) => {
    const keyId = await takeSignInToken(tx, token);
    if (keyId === null) return null;
    const began = await beginSession(tx, { keyId });
    const session = await readSession(tx, sessionHashOf(began));
    if (session) await record(tx, session.holder, 'token');
    return session ? began : null;
  });
  if (begun !== null) return begun;
  await limiter.take('wrong_key', { address: address() });
  throw new Problem('unauthenticated', 'This link was used before, or its time is over: ask for another one.');
}

/** Goes on as the member of another account with the same address: a new session, which ends with the first. */
async function chooseAccount(id: string, asking: Asking, services: Uses<'pool' | 'keyring' | 'cookies' | 'limiter'>) {
  const { pool, keyring, cookies } = services;
  const old = cookies.read(asking.header);
  if (old === undefined) throw new Problem('unauthenticated', 'Sign in first.');
  cookies.requireSameOrigin(asking.header, 'by_cookie');
  await admit(services, { by: 'session', secret: old }, asking.address);
  const token = await transaction(pool, async (tx) => {
    const before = await readSession(tx, sessionHashOf(old));
    if (!before) throw new Problem('unauthenticated', 'The session has ended: sign in again.');
    const members = before.email === null ? [] : await listSignInMembers(tx, before.email);
    const member = members.find((one) => one.accountId === id);
    if (!member) throw notFound(`account ${id} among yours`);
    await endSession(tx, sessionHashOf(old));
    await record(tx, { ...member, name: member.email, memberId: member.id }, 'link');
    return beginSession(tx, { memberId: member.id, email: before.email! }, before.createdAt);
  });
  keyring.forgetSession(old);
  return signedIn(token, asking, services);
}

async function signedIn(token: string, { header }: Asking, { pool, cookies }: Uses<'pool' | 'cookies'>) {
  const who = await whoIs(pool, token);
  // Ended at this very moment, with its key or its member.
  if (!who) throw new Problem('unauthenticated', 'The session has ended: sign in again.');
  return ok(who, { ...UNSTORED, 'Set-Cookie': cookies.begin(token, header) });
}

async function whoIs(db: Db, token: string): Promise<z.input<typeof session> | null> {
  const read = await readSession(db, sessionHashOf(token));
  if (!read) return null;
  const { holder, email: address, expiresAt } = read;
  const memberId = 'memberId' in holder ? holder.memberId : null;
  return { ...(await describe(db, holder.role, memberId, address)), expiresAt: expiresAt.toISOString() };
}

/** @param address by which other accounts may be chosen; null: by key, there is no choice */
async function describe(
  db: Db,
  role: z.input<typeof session>['role'],
  memberId: string | null,
  address: string | null,
): Promise<z.input<typeof session>> {
  const me = memberId === null ? null : await readSignedIn(db, memberId);
  if (!me) return { role, accounts: [] };
  const mine = address === null ? [me] : await listSignInMembers(db, address);
  const accounts = mine.map((one) => ({ id: one.accountId, name: one.accountName, role: one.role }));
  return { role, accountId: me.accountId, member: { id: me.id, name: me.name, email: me.email }, accounts };
}

/** Who am I: by session or by key. */
export const read = endpoint({
  replies: { 200: session },
  uses: ['pool', 'cookies'],
  async handle({ principal, header }, { pool, cookies }) {
    const token = header('authorization') === undefined ? cookies.read(header) : undefined;
    if (token === undefined) {
      const role = principal.role as z.input<typeof session>['role'];
      return ok(await describe(pool, role, principal.memberId, null), UNSTORED);
    }
    const who = await whoIs(pool, token);
    if (!who) throw new Problem('unauthenticated', 'The session has ended: sign in again.');
    return ok(who, UNSTORED);
  },
});

/**
 * Who is at the browser, if anybody: by cookie alone. Whoever is signed out has made no mistake, and a browser would
 * write a line about each 401. A cookie whose session has ended is counted like a wrong key; it stays, as taking it away
 * could meet one that another tab has been given meanwhile.
 */
export const current = endpoint({
  replies: { 200: z.strictObject({ session: session.nullable().meta({ description: 'Null: nobody is signed in.' }) }) },
  uses: ['pool', 'keyring', 'cookies', 'limiter'],
  refusals: ['rate_limited', 'database_unavailable'],
  async handle({ header, address }, services) {
    const token = services.cookies.read(header);
    const isIn = token !== undefined && (await isInForce(token, address, services));
    return ok({ session: isIn ? await whoIs(services.pool, token) : null }, UNSTORED);
  },
});

/** Whether it is a session's; one that is not, or not any more, is counted. */
const isInForce = (token: string, address: Call['address'], services: Uses<'keyring' | 'limiter'>): Promise<boolean> =>
  admit(services, { by: 'session', secret: token }, address, false).then(
    () => true,
    (error: unknown) => {
      if (isRefusal(error)) return false;
      throw error;
    },
  );

/** Signs out: also with a session that has ended, so that its cookie goes. */
export const signOut = endpoint({
  replies: { 204: null },
  uses: ['pool', 'keyring', 'cookies', 'limiter'],
  refusals: ['cross_site_request', 'rate_limited', 'database_unavailable'],
  async handle({ header, address }, services) {
    const { pool, keyring, cookies } = services;
    const token = cookies.read(header);
    if (token !== undefined) cookies.requireSameOrigin(header, 'by_cookie');
    if (token !== undefined && (await isInForce(token, address, services))) {
      await endSession(pool, sessionHashOf(token));
      keyring.forgetSession(token);
    }
    return { ...noContent, headers: { ...UNSTORED, 'Set-Cookie': cookies.end(header) } };
  },
});

/** A token that begins one session of the key, within an hour: for a link that a program prints (`/#sign-in=<token>`). */
export const makeToken = endpoint({
  body: { schema: z.strictObject({ key: secret }) },
  replies: { 201: z.strictObject({ token: z.string(), expiresAt: time }) },
  uses: ['pool', 'keyring', 'limiter'],
  refusals: ['unauthenticated', 'rate_limited', 'database_unavailable'],
  async handle({ body: { key }, ...asking }, services) {
    await holderOf(key, asking, services);
    const made = await createSignInToken(services.pool, hashOf(key));
    if (!made) throw new Problem('unauthenticated', 'This key is unknown, or was revoked.');
    return { ...created({ token: made.token, expiresAt: made.expiresAt.toISOString() }), headers: UNSTORED };
  },
});

/** @param by what the session was begun with */
export const record = (tx: Tx, holder: Holder, by: 'key' | 'token' | 'link'): Promise<void> =>
  recordAudit(tx, 'accountId' in holder ? holder.accountId : null, `${holder.role}:${holder.name}`, 'session.begin', {
    by,
  });
