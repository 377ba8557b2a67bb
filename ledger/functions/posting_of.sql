-- The commit that posted a usage line, as its reference says; null for other lines.
create or replace function posting_of(line ledger_lines) returns bigint language sql immutable as $$
  select case line.kind when 'usage' then substr(line.reference, length('usage/') + 1)::bigint end;
$$;
