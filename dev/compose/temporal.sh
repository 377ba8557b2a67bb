# Temporal's own role and databases on the Postgres of docker-compose.yml: whoever has them can touch nothing of Ballast's.
# The image of Postgres runs this once, when its volume is empty. The password is in no command line.
psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv password TEMPORAL_PASSWORD
create role temporal login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'password';
create database temporal owner temporal;
create database temporal_visibility owner temporal;
SQL
