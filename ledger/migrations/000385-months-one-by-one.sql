-- Answers which months it could not make, and why (functions/prepare_usage_months.sql).
drop function if exists prepare_usage_months();
