-- Dedicated endpoints are listed newest first; a page begins after a number, also when the row it stood for is gone (L7).
alter table dedicated_endpoints add column number bigint generated always as identity unique;
