-- Executors ask at each poll which accounts have claimed their minute's requests: only the last minute's rows are looked at.
-- Without the count in it, so that counting on in the same second touches no index.
create index batch_claims_second on batch_claims (second);
