-- An admin key that came by the environment (ADMIN_KEY): another one that comes so takes its place. Until now they were known by their name only.
alter table api_keys add column of_environment boolean not null default false;
update api_keys set of_environment = true where role = 'admin' and name = 'ADMIN_KEY';
