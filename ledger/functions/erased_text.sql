-- A text without the addresses of people in it. `owner:olga@example.com` becomes `owner:erased`.
create or replace function erased_text(p_text text) returns text language sql immutable as $$
  select regexp_replace(p_text, '[^\s"\\:,;<>(){}\[\]]+@[^\s"\\:,;<>(){}\[\]]+', 'erased', 'g');
$$;
