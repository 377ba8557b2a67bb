/** The members of an account. */
import { z } from 'zod';
import { limitReached, MEMBERS } from '../../domain/accountLimits';
import { notFound, Problem } from '../../domain/errors';
import { recordAudit } from '../../ledger/audit/recordAudit';
import { transaction } from '../../ledger/db';
import { addMember } from '../../ledger/accounts/addMember';
import { listMembers } from '../../ledger/accounts/listMembers';
import { removeMember } from '../../ledger/accounts/removeMember';
import { updateMember } from '../../ledger/accounts/updateMember';
import { accountExists } from '../../ledger/accounts/accountExists';
import { created, noContent, ok } from '../http/endpoint';
import { accountId, memberRole, ofAccount, uuid } from '../http/schemas';
import { newMember } from './accounts';
import { endpoint } from '../services';
import { invite } from './invitations';

const member = z
  .strictObject({ id: uuid, name: z.string(), email: z.string(), role: memberRole, confirmed: z.boolean() })
  .meta({ id: 'Member' });
const ofMember = z.strictObject({ id: accountId, memberId: uuid });

const exists = () => new Problem('member_exists', 'A member of the account has this address already.');
const lastOwner = () => new Problem('last_owner', 'This is the last owner; make somebody else an owner first.');

export const list = endpoint({
  params: ofAccount,
  replies: { 200: z.strictObject({ data: z.array(member) }) },
  uses: ['pool'],
  async handle({ params: { id } }, { pool }) {
    const data = await listMembers(pool, id);
    if (data.length === 0 && !(await accountExists(pool, id))) throw notFound(`account ${id}`);
    return ok({ data });
  },
});

export const add = endpoint({
  params: ofAccount,
  body: { schema: newMember },
  replies: { 201: member },
  uses: ['pool', 'accountLimits'],
  refusals: ['member_exists', 'too_many_members', 'too_many_requests'],
  async handle({ params: { id }, body, principal }, { pool, accountLimits: { members: membersMax } }) {
    return created(
      await transaction(pool, async (tx) => {
        if (!(await accountExists(tx, id))) throw notFound(`account ${id}`);
        const confirmed = principal.role === 'admin';
        const outcome = await addMember(tx, id, body, { membersMax, confirmed });
        if (outcome.kind === 'too_many') throw limitReached(MEMBERS, membersMax, outcome.inUse);
        if (outcome.kind === 'member_exists') throw exists();
        const { member: added } = outcome;
        if (!confirmed) await invite(tx, id, added);
        await recordAudit(tx, id, principal.actor, 'member.add', added);
        return added;
      }),
    );
  },
});

export const change = endpoint({
  params: ofMember,
  body: { schema: newMember.partial() },
  replies: { 200: member },
  uses: ['pool', 'keyring'],
  refusals: ['member_exists', 'last_owner', 'too_many_requests'],
  async handle({ params: { id, memberId }, body, principal }, { pool, keyring }) {
    const changed = await transaction(pool, async (tx) => {
      // The admin vouches for an address, not for a name.
      const vouched = principal.role === 'admin' && body.email !== undefined;
      const outcome = await updateMember(tx, id, memberId, body, vouched);
      if (outcome.kind === 'not_found') throw notFound(`member ${memberId}`);
      if (outcome.kind === 'last_owner') throw lastOwner();
      if (outcome.kind === 'member_exists') throw exists();
      if (body.email !== undefined && !outcome.member.confirmed) await invite(tx, id, outcome.member);
      await recordAudit(tx, id, principal.actor, 'member.change', { memberId, ...body });
      return outcome.member;
    });
    keyring.forget();
    return ok(changed);
  },
});

export const remove = endpoint({
  params: ofMember,
  replies: { 204: null },
  uses: ['pool', 'keyring'],
  refusals: ['last_owner'],
  async handle({ params: { id, memberId }, principal }, { pool, keyring }) {
    await transaction(pool, async (tx) => {
      const outcome = await removeMember(tx, id, memberId);
      if (outcome === 'not_found') throw notFound(`member ${memberId}`);
      if (outcome === 'last_owner') throw lastOwner();
      await recordAudit(tx, id, principal.actor, 'member.remove', { memberId });
    });
    keyring.forget();
    return noContent;
  },
});
