/** Accounts: opened, listed, shown and renamed. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { MEMBERS, tooManyAtOnce } from '../../domain/accountLimits';
import { accountClosed, notFound, Problem } from '../../domain/errors';
import { recordAudit } from '../../ledger/audit/recordAudit';
import { createAccount } from '../../ledger/accounts/createAccount';
import { transaction, type Tx } from '../../ledger/db';
import { listAccounts } from '../../ledger/accounts/listAccounts';
import { accountExists } from '../../ledger/accounts/accountExists';
import { readAccount } from '../../ledger/accounts/readAccount';
import { updateAccount } from '../../ledger/accounts/updateAccount';

import { listReply } from '../http/csvStream';
import { created, ok } from '../http/endpoint';
import {
  accountId,
  autoReloadStatus,
  email,
  gate,
  gateState,
  listOf,
  memberRole,
  money,
  ofAccount,
  pageQuery,
  text,
  time,
} from '../http/schemas';
import { toList, viewAccount } from './views';
import { endpoint } from '../services';

const TIER_DEFAULT = 'standard';
const MEMBERS_MAX = 1_000;

const tier = z.string().regex(/^[a-z0-9_-]{1,32}$/, 'must be 1 to 32 of a-z 0-9 _ -');
export const newMember = z.strictObject({ name: text(200), email, role: memberRole });

const account = z
  .strictObject({
    id: accountId,
    name: z.string(),
    tier: z.string(),
    balance: money,
    held: money,
    available: money,
    gate,
    autoReload: z.strictObject({
      status: autoReloadStatus,
      threshold: money.nullable(),
      amount: money.nullable(),
      reload: z
        .enum(['charging', 'waiting', 'unknown'])
        .nullable()
        .meta({ description: 'What the reload in flight does; `waiting`: it was declined, and is tried again.' }),
    }),
    createdAt: time,
    closedAt: time.optional(),
  })
  .meta({ id: 'Account' });

export const create = endpoint({
  body: {
    schema: z.strictObject({
      id: accountId.optional(),
      name: text(200),
      tier: tier.default(TIER_DEFAULT),
      members: z.array(newMember).min(1).max(MEMBERS_MAX),
    }),
  },
  replies: { 201: account },
  uses: ['pool', 'gates', 'signals', 'accountLimits', 'policy', 'clock'],
  refusals: ['owner_required', 'too_many_members', 'account_exists', 'member_exists'],
  async handle({ body, principal }, { pool, gates, signals, accountLimits, policy, clock }) {
    if (!body.members.some(({ role }) => role === 'owner'))
      throw new Problem('owner_required', 'At least one of the members must have the role owner.');
    const { members: limit } = accountLimits;
    const { length: requested } = body.members;
    if (requested > limit) throw tooManyAtOnce(MEMBERS, limit, requested);
    const id = body.id ?? `acct_${randomBytes(12).toString('base64url')}`;
    const view = await transaction(pool, async (tx) => {
      const outcome = await createAccount(tx, { ...body, id }, policy);
      if (outcome === 'account_exists') throw new Problem('account_exists', `There is an account ${id} already.`);
      if (outcome === 'member_exists') throw new Problem('member_exists', 'Two members have the same address.');
      await recordAudit(tx, id, principal.actor, 'account.create', {
        name: body.name,
        tier: body.tier,
        members: body.members,
      });
      return (await readAccount(tx, id))!;
    });
    gates.learn(view.position);
    signals.moved(view.position);
    return created(viewAccount(view, clock.now()));
  },
});

const COLUMNS = ['id', 'name', 'tier', 'balance', 'held', 'available', 'gate', 'autoReload', 'createdAt', 'closedAt'];

export const list = endpoint({
  query: pageQuery(accountId).extend({
    gate: gateState.optional(),
    autoReload: autoReloadStatus.optional(),
    q: text(200).optional(),
    trouble: z.enum(['negative', 'unexplained', 'disputed']).optional(),
  }),
  replies: { 200: listOf(account) },
  texts: { 200: ['text/csv'] },
  uses: ['pool', 'clock'],
  handle: ({ query: { limit, cursor, ...filter }, header }, { pool, clock }) =>
    listReply({ limit, cursor, accept: header('accept') }, COLUMNS, async (page) =>
      toList(await listAccounts(pool, filter, page), (view) => viewAccount(view, clock.now())),
    ),
});

export const read = endpoint({
  params: ofAccount,
  replies: { 200: account },
  uses: ['pool', 'clock'],
  async handle({ params }, { pool, clock }) {
    const view = await readAccount(pool, params.id);
    if (!view) throw notFound(`account ${params.id}`);
    return ok(viewAccount(view, clock.now()));
  },
});

export const change = endpoint({
  params: ofAccount,
  body: { schema: z.strictObject({ name: text(200).optional(), tier: tier.optional() }) },
  replies: { 200: account },
  uses: ['pool', 'clock'],
  async handle({ params: { id }, body, principal }, { pool, clock }) {
    const view = await transaction(pool, async (tx) => {
      if (!(await updateAccount(tx, id, body))) throw await whyNotChanged(tx, id);
      await recordAudit(tx, id, principal.actor, 'account.change', body);
      return (await readAccount(tx, id))!;
    });
    return ok(viewAccount(view, clock.now()));
  },
});

const whyNotChanged = async (tx: Tx, id: string): Promise<Problem> =>
  (await accountExists(tx, id)) ? accountClosed(id) : notFound(`account ${id}`);
