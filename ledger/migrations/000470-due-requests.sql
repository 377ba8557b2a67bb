-- What executors need to know of a job at a look (L4).
alter table batches
  -- Results have cost more than was reserved for them, or it is not known: what is held may not cover all requests that are
  -- open. True by default, for jobs from before and of processes of the release before.
  add column overran boolean not null default true,
  -- A claim found no money for its next request: until then executors are sent to other jobs.
  add column unfunded_until timestamptz not null default '-infinity';
-- unused: index batch_requests_leased, batch_requests_open, since 0.2
