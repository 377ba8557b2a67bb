-- A client that repeats a request has its rejected events looked up by id, so that each is kept once.
create index rejected_usage_event on rejected_usage (account_id, event_id);
