/** 5: gates, computed again from money, reasons, settings and reloads. */
import { inRange, type Check } from './check';

/** From the tables alone, by the rules of S1 to S4. */
const factsWith = (lowLevelCents: number): string => `
  select b.*, b.balance_nano - b.held_nano as available, coalesce(s.reasons, '{}') as set_now, r.due_at,
    case when t.status = 'on' then t.threshold_cents * 10000000 else ${lowLevelCents} * 10000000::bigint end as low_level
  from balances b join account_states t using (account_id)
  left join (select account_id, array_agg(reason order by reason) as reasons from suspensions where ${inRange('account_id')} group by 1) s using (account_id)
  left join (select account_id, min(due_at) as due_at from reloads where closed_at is null and ${inRange('account_id')} group by 1) r using (account_id)
  where ${inRange('b.account_id')}`;

/** @param lowLevelCents the level where auto-reload is not on (S4) */
export function gateChecks(lowLevelCents: number): Check[] {
  const facts = factsWith(lowLevelCents);
  return [
    {
      invariant: '5.1 The gate follows from available, reasons, levels and the reload in flight',
      division: 'accounts',
      rows: `
      select account_id as place, format('%s (%s) with version %s; available %s, reasons %s, low at %s, reload due %s', gate_state, array_to_string(gate_reasons, ','),
          gate_version, available, array_to_string(set_now, ','), low_level_nano, due_at) as detail,
        gate_reasons <> case when available <= 0 then array['balance_exhausted'] else '{}' end || set_now
          or set_reasons <> set_now or reload_due_at is distinct from due_at
          or gate_state <> case when available <= 0 or cardinality(set_now) > 0 then 'suspended' when due_at is not null then 'reloading'
            when available <= low_level_nano then 'low' else 'ok' end as wrong
      from (${facts}) f`,
    },
    {
      invariant: '5.2 The levels are those of the settings in force',
      division: 'accounts',
      rows: `
      select account_id as place, format('low at %s, must be %s; reloads at %s', low_level_nano, low_level, trigger_level_nano) as detail,
        low_level_nano <> low_level or trigger_level_nano not in (low_level, low_level - 1) as wrong
      from (${facts}) f`,
    },
    {
      invariant: '5.3 A workflow that has missed something is to be woken',
      division: 'accounts',
      rows: `
      select account_id as place, format('wake is %s; news %s, folded %s; available %s, folded %s', wake, news, folded_news, available, folded_available_nano) as detail,
        wake <> (news <> folded_news or (available <= 0) <> (folded_available_nano <= 0)
          or (available <= trigger_level_nano) <> (folded_available_nano <= trigger_level_nano)) as wrong
      from (${facts}) f`,
    },
    {
      invariant: '5.4 A dispute that suspends is a reason, and no reason stands without one',
      division: 'accounts',
      rows: `
      select coalesce(d.account_id, s.account_id) as place, case when s.account_id is null then 'disputed, but not suspended' else 'suspended, but not disputed' end as detail,
        d.account_id is null or s.account_id is null as wrong
      from (select distinct account_id from disputes where suspends and ${inRange('account_id')}) d
      full join (select account_id from suspensions where reason = 'payment_disputed' and ${inRange('account_id')}) s using (account_id)`,
    },
  ];
}
