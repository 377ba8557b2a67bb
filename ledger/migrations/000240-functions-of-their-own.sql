-- Functions have files of their own from here on (../functions). Builds before had post_usage with other arguments.
do $$
declare
  outdated regprocedure;
begin
  for outdated in select oid from pg_proc where proname = 'post_usage' and pronamespace = current_schema()::regnamespace loop
    execute 'drop function ' || outdated;
  end loop;
end $$;
