-- Which count of a file is running, or has brought its totals: each writes an index of its own, so that a counter that was
-- held up never writes over the one that jobs are read by (L3). 0: it was counted before counts were told apart.
alter table files add column count_attempt int not null default 0;
