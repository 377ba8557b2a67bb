-- Of a month that was restored from its file: how many of its events were left out, because their ids were posted again
-- after the month had left. The file has them.
alter table usage_archives add column left_out bigint not null default 0;
