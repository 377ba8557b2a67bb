-- Records of people's acts are append-only; but those of an account that is closed may be erased, in just this way.
create or replace function refuse_rewriting() returns trigger language plpgsql as $$
declare
  was constant jsonb := to_jsonb(old);
  erased constant jsonb := was || case tg_table_name
    when 'audit' then jsonb_build_object(
      'actor', erased_text(was->>'actor'),
      'details', erased_details(was->>'action', was->'details'))
    else jsonb_build_object(
      'because', erased_text(was->>'because'),
      'known', erased_text((was->'known')::text)::jsonb) end;
begin
  if to_jsonb(new) = erased and exists (select from accounts where id = old.account_id and closing_at is not null) then
    return new;
  end if;
  raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'restrict_violation';
end $$;

create or replace trigger audit_only_erased before update on audit for each row execute function refuse_rewriting();
create or replace trigger decisions_only_erased before update on decisions for each row execute function refuse_rewriting();
