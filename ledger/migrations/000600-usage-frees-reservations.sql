-- post_usage takes what usage frees, as its last argument; the release before calls it without.
drop function if exists post_usage(text[], int[], text[], text[], bigint[], bigint[], bigint[], bigint[], text[], bigint[], bigint[], uuid[], text[]);
