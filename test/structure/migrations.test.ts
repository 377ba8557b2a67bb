/** Migrations run while the release before serves: none holds a long lock, or takes away what is in use (docs/operations.md, Upgrades). */
import { readSchemaFiles } from '../../ledger/migrate';
import { findLongLocks } from './longLocks';

/** Migrations before this one ran while the service was stopped. */
const FIRST_WITHOUT_A_STOP = '000430';

test('O2 no migration holds a long lock on a table in use, or takes away what the release before uses', () => {
  const wrong = readSchemaFiles()
    .migrations.filter(({ name }) => name >= FIRST_WITHOUT_A_STOP)
    .flatMap(({ name, text }) => findLongLocks(text).map((problem) => `${name}: ${problem}`));
  expect(wrong).toEqual([]);
});

test.each([
  'create index payments_by_day on payments (created_at)',
  'create unique index if not exists one on payments (id) where true',
  'alter table payments add constraint positive check (amount_cents > 0)',
  'alter table payments add constraint of_account foreign key (account_id) references accounts',
  'alter table payments add foreign key (account_id) references accounts',
  'alter table payments add column number bigint generated always as identity',
  'alter table payments add column of_card uuid references cards',
  'alter table payments add column token uuid not null default gen_random_uuid()',
  'alter table payments alter column amount_cents type numeric',
  'alter table payments alter amount_cents set not null',
  'alter table usage_events attach partition p for values in (1)',
  `update payments set status = 'failed'`,
  'delete from payments',
  'truncate payments',
  'lock table payments',
  'insert into payments (id) select id from reloads',
  'alter table payments drop column actor',
  'alter table payments rename column actor to who',
  'alter table payments rename to charges',
  'drop table payments',
  'drop view ledger_entries',
  'do $$ begin update payments set status = null; end $$',
])('O2 a migration that would hold a long lock or break the release before is found: %s', (statement) => {
  expect(findLongLocks(`-- A reason.\n${statement};\n`)).toHaveLength(1);
});

test.each([
  'create table cards (id uuid primary key, account_id text references accounts); create index cards_account on cards (account_id)',
  'alter table payments add column note text',
  `alter table payments add column tries int not null default 0, add column seen boolean not null default false`,
  'alter table payments add column at timestamptz not null default now()',
  'alter table payments add constraint positive check (amount_cents > 0) not valid',
  'alter table payments validate constraint positive',
  'drop index payments_by_day',
  'create index concurrently payments_by_day on payments (created_at)',
  'drop function if exists prepare_usage_months()',
  '-- small: limit_requests, at most twenty that wait an account\ncreate index of_limit_requests on limit_requests (id)',
  '-- unused: payments.actor, since 0.2\nalter table payments drop column actor',
  `insert into payments (id) values ('a')`,
])('O2 a migration that holds no long lock passes: %s', (text) => {
  expect(findLongLocks(`${text};\n`)).toEqual([]);
});
