-- The deployment's id of its file store, which stands in a marker in the store's folder: a folder without it is not mounted,
-- or is another deployment's (L2).
create table file_store (
  singleton boolean primary key default true check (singleton),
  id uuid not null default gen_random_uuid()
);
insert into file_store default values;
