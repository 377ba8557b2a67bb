-- What an endpoint answered is not told any more: it would show an owner what stands at an address of their choice. Its status stays.
update webhook_deliveries set last_error = substring(last_error from '^answered \d+(?:; redirects are not followed)?')
where last_error ~ '^answered \d+(; redirects are not followed)?:';
