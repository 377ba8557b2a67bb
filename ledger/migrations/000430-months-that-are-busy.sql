-- Answers as well whether a month could not be made only because the tables were in use (functions/prepare_usage_months.sql).
drop function if exists prepare_usage_months();
