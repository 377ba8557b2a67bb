-- What the relay looks for each second must cost next to nothing when there is none.
create index payments_undecided on payments (created_at) where status = 'processing';
