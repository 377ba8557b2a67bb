-- An address gets mail only when it was confirmed: by its owner, with the link of an invitation, or by the admin who
-- entered it. Whoever is a member already has been getting mail and goes on getting it.
alter table members add column confirmed_at timestamptz;
update members set confirmed_at = now();

-- A notice whose mail would be one too many waits for the next of its kind and is told by that one's mail.
alter table notice_deliveries
  drop constraint notice_deliveries_status_check,
  add constraint notice_deliveries_status_check check (status in ('pending', 'sent', 'failed', 'folded')),
  -- How many earlier notices this mail tells of too.
  add column folds int not null default 0;
