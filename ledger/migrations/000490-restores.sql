-- Each time the database was put back to a backup: what was committed between the two moments is lost to it.
create table restores (
  number bigint generated always as identity primary key,
  backup_at timestamptz not null,
  restored_at timestamptz not null default now()
);
