/** API keys, of an account's members and of the platform. A key is shown once, when it is made. */
import { z } from 'zod';
import { limitReached, MEMBER_KEYS } from '../../domain/accountLimits';
import { notFound, Problem } from '../../domain/errors';
import { addMemberKey } from '../../ledger/accounts/addMemberKey';
import { createPlatformKey } from '../../ledger/accounts/createPlatformKey';
import { listKeys } from '../../ledger/accounts/listKeys';
import { revokeKey } from '../../ledger/accounts/revokeKey';
import type { ApiKey } from '../../ledger/accounts/apiKey';
import { recordAudit } from '../../ledger/audit/recordAudit';
import { transaction } from '../../ledger/db';
import { accountExists } from '../../ledger/accounts/accountExists';
import { created, noContent, ok, type Reply } from '../http/endpoint';
import { accountId, memberRole, ofAccount, text, time, uuid } from '../http/schemas';
import type { Principal } from '../http/auth';
import { endpoint, type Uses } from '../services';

const createdKey = z.strictObject({ id: uuid, key: z.string() });
const platformRole = z.enum(['service', 'admin']);
const listed = z.strictObject({
  data: z.array(
    z.strictObject({
      id: uuid,
      role: z.union([platformRole, memberRole]),
      name: z.string(),
      memberId: uuid.nullable(),
      createdAt: time,
    }),
  ),
});

const view = (key: ApiKey) => ({ ...key, createdAt: key.createdAt.toISOString() });

async function revoke(
  accountId: string | null,
  keyId: string,
  principal: Principal,
  { pool, keyring }: Uses<'pool' | 'keyring'>,
): Promise<Reply> {
  await transaction(pool, async (tx) => {
    if (!(await revokeKey(tx, accountId, keyId))) throw notFound(`key ${keyId}`);
    await recordAudit(tx, accountId, principal.actor, 'key.revoke', { keyId });
  });
  keyring.forget();
  return noContent;
}

export const createForMember = endpoint({
  params: ofAccount,
  body: { schema: z.strictObject({ memberId: uuid }) },
  replies: { 201: createdKey },
  uses: ['pool', 'accountLimits'],
  refusals: ['unknown_member', 'limit_reached'],
  async handle({ params: { id }, body: { memberId }, principal }, { pool, accountLimits: { memberKeys } }) {
    return created(
      await transaction(pool, async (tx) => {
        const added = await addMemberKey(tx, id, memberId, memberKeys);
        if (added.kind === 'unknown_member')
          throw new Problem('unknown_member', `The account has no member ${memberId}.`);
        if (added.kind === 'too_many') throw limitReached(MEMBER_KEYS, memberKeys, added.inUse);
        const { key } = added;
        await recordAudit(tx, id, principal.actor, 'key.create', { keyId: key.id, memberId });
        return key;
      }),
    );
  },
});

export const listOfAccount = endpoint({
  params: ofAccount,
  replies: { 200: listed },
  uses: ['pool'],
  async handle({ params: { id } }, { pool }) {
    if (!(await accountExists(pool, id))) throw notFound(`account ${id}`);
    return ok({ data: (await listKeys(pool, id)).map(view) });
  },
});

export const revokeOfAccount = endpoint({
  params: z.strictObject({ id: accountId, keyId: uuid }),
  replies: { 204: null },
  uses: ['pool', 'keyring'],
  handle: ({ params, principal }, services) => revoke(params.id, params.keyId, principal, services),
});

export const createForPlatform = endpoint({
  body: { schema: z.strictObject({ role: platformRole, name: text(200) }) },
  replies: { 201: createdKey },
  uses: ['pool'],
  async handle({ body: { role, name }, principal }, { pool }) {
    return created(
      await transaction(pool, async (tx) => {
        const key = await createPlatformKey(tx, role, name);
        await recordAudit(tx, null, principal.actor, 'key.create', { keyId: key.id, role, name });
        return key;
      }),
    );
  },
});

export const listOfPlatform = endpoint({
  replies: { 200: listed },
  uses: ['pool'],
  handle: async (_call, { pool }) => ok({ data: (await listKeys(pool, null)).map(view) }),
});

export const revokeOfPlatform = endpoint({
  params: z.strictObject({ keyId: uuid }),
  replies: { 204: null },
  uses: ['pool', 'keyring'],
  refusals: ['not_found'],
  handle: ({ params, principal }, services) => revoke(null, params.keyId, principal, services),
});
