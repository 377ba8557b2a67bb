/** Reads all that an account's workflow decides from, and records that the workflow knows it, in the caller's transaction. */
import type { AskedFrom, BlockedBy, OpenReload, Policy, SavedMethod, Snapshot } from '../../domain/accountState';
import type { AutoReloadStatus } from '../../domain/autoReload';
import type { Reason, SetReason } from '../../domain/gate';
import { formatMoney, nano } from '../../domain/money';
import type { Tx } from '../db';
import { lockAccount } from '../accounts/lockAccount';

type Row = {
  watermark: bigint;
  revision: bigint;
  acknowledged: boolean;
  available_nano: bigint;
  set_reasons: SetReason[];
  status: AutoReloadStatus;
  threshold_cents: bigint | null;
  amount_cents: bigint | null;
  monthly_limit_cents: bigint | null;
  version: bigint;
  strikes: number;
  last_strike_at: Date | null;
  methods_version: bigint;
  tried_methods_version: bigint;
  flag_reasons: Reason[];
  flag_since: Date;
  told_suspended: 'due' | 'told' | 'never';
  told_low: boolean;
  falls: NonNullable<Snapshot['falls']>;
  blocked_by: BlockedBy | null;
  blocked_until: Date | null;
  methods: SavedMethod[];
  reload: (Omit<OpenReload, 'dueMs'> & { due: string }) | null;
  uncanceled: (NonNullable<Snapshot['uncanceled']> & { due: string }) | null;
};

/**
 * Call it last in a transaction whose result goes to the workflow. Each snapshot has a new revision. If `knownRevision`
 * is still the newest, Postgres records that the workflow has received the account's news with this snapshot. If a newer
 * snapshot exists, this one acknowledges nothing: the caller may be an activity that Temporal has given up, whose result
 * reaches no workflow. A workflow that does receive such a snapshot reads again (O4).
 */
export async function readSnapshot(tx: Tx, { accountId, knownRevision }: AskedFrom, policy: Policy): Promise<Snapshot> {
  // A statement sees what was committed before it began, not what was committed while it waited for a lock. So one
  // statement takes the lock, and the next one reads.
  await lockAccount(tx, accountId);
  const { rows } = await tx.query<Row>({
    name: 'read-snapshot',
    text: statement,
    values: [accountId, knownRevision ?? null],
  });
  const row = rows[0];
  if (!row) throw new Error(`there is no account ${accountId}`);
  return {
    accountId,
    revision: Number(row.revision),
    acknowledged: row.acknowledged,
    watermark: Number(row.watermark),
    available: formatMoney(nano(row.available_nano)),
    setReasons: row.set_reasons,
    settings: {
      status: row.status,
      version: Number(row.version),
      ...(row.threshold_cents === null || row.amount_cents === null
        ? {}
        : {
            thresholdCents: Number(row.threshold_cents),
            amountCents: Number(row.amount_cents),
            monthlyLimitCents: row.monthly_limit_cents === null ? null : Number(row.monthly_limit_cents),
          }),
    },
    strikes: row.strikes,
    lastStrikeMs: row.last_strike_at?.getTime() ?? null,
    methodsVersion: Number(row.methods_version),
    triedMethodsVersion: Number(row.tried_methods_version),
    methods: row.methods,
    reload: row.reload && toOpenReload(row.reload),
    uncanceled: row.uncanceled && toUncanceled(row.uncanceled),
    flag: { reasons: row.flag_reasons, sinceMs: row.flag_since.getTime(), told: row.told_suspended },
    toldLow: row.told_low,
    falls: row.falls,
    blocked: row.blocked_by && { by: row.blocked_by, untilMs: row.blocked_until?.getTime() ?? null },
    policy,
  };
}

function toOpenReload({ due, ...reload }: NonNullable<Row['reload']>): OpenReload {
  return { ...reload, dueMs: Date.parse(due) };
}

function toUncanceled({ due, ...payment }: NonNullable<Row['uncanceled']>): Snapshot['uncanceled'] {
  return { ...payment, dueMs: Date.parse(due) };
}

// A database that was restored from a backup may have a lower revision than the workflow: the next one is above both.
const statement = `
  with asked as (
    select coalesce(revision = $2::bigint, true) as newest from balances where account_id = $1
  ), folded as (
    update balances set revision = greatest(revision, $2::bigint) + 1,
      folded_news = case when newest then news else folded_news end,
      folded_available_nano = case when newest then balance_nano - held_nano else folded_available_nano end
    from asked where account_id = $1
    returning watermark, revision, newest as acknowledged, balance_nano - held_nano as available_nano, set_reasons, suspensions, lows
  )
  select folded.*, s.status, s.threshold_cents, s.amount_cents, s.monthly_limit_cents, s.version, s.strikes,
    s.last_strike_at, s.methods_version, s.tried_methods_version, s.flag_reasons, s.flag_since, s.told_suspended,
    s.told_low, s.blocked_by, s.blocked_until,
    json_build_object('suspensions', folded.suspensions, 'seenSuspensions', s.seen_suspensions,
      'lows', folded.lows, 'toldLows', s.told_lows) as falls,
    coalesce((
      select json_agg(json_build_object('id', m.id, 'role', m.role, 'usable', m.unusable_because is null)
                      order by m.role = 'primary' desc)
      from payment_methods m where m.account_id = $1 and m.removed_at is null and m.role is not null), '[]') as methods,
    (select json_build_object('id', r.id, 'number', r.number, 'cents', p.amount_cents, 'state', r.state,
        'attempt', r.attempt, 'due', r.due_at, 'first', r.wished is not null, 'tried', coalesce((
          select json_agg(json_build_object('methodId', a.payment_method_id, 'outcome', a.outcome) order by a.at)
          from payment_attempts a where a.payment_id = r.id and a.attempt = r.attempt), '[]'))
      from reloads r join payments p on p.id = r.id where r.account_id = $1 and r.closed_at is null) as reload,
    (select json_build_object('paymentId', p.id, 'awaitsOwner', p.status = 'requires_action',
        'due', coalesce(p.cancel_due_at, r.closed_at),
        'failing', case when p.cancel_tries > 0 then json_build_object(
          'tries', p.cancel_tries, 'since', p.cancel_failed_at, 'because', p.cancel_failed_because) end)
      from reloads r join payments p on p.id = r.id
      where p.account_id = $1 and r.closed_at is not null and payment_is_open(p.status)
      order by r.number limit 1) as uncanceled
  from folded, account_states s where s.account_id = $1`;
