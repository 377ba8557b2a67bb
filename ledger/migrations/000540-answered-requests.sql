-- Which requests of a job had a result when their rows were removed: a repeat that comes later is told from a late result (L4).
-- A row for each page of rows removed; 64 bits of a digest of each custom_id.
create table batch_answered (
  batch_id text not null references batches,
  first_line int not null,
  digests bigint[] not null,
  primary key (batch_id, first_line)
);
