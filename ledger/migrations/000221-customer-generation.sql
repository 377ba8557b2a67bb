-- How many customers of the account were deleted at the payment provider. It is part of the key under which the next one is
-- made: for a day the provider answers the old key with the old customer.
alter table accounts add column customer_generation int not null default 0;
