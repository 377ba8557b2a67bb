-- Requests to be handed out are found without a walk through those that are with executors (L4).
drop index concurrently if exists batch_requests_due;
create index concurrently batch_requests_due on batch_requests (batch_id, coalesce(leased_until, '-infinity'), line)
  where outcome is null;
