/** A migrated database for each test file, cloned from a template: quick, empty, and nobody else's. */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type Pool } from 'pg';
import { openPool } from '../../ledger/db';
import { prepareDatabase } from '../../ledger/prepareDatabase';
import { readSchemaFiles } from '../../ledger/migrate';

export type TestDatabase = {
  /** Of the role that the service has. */
  url: string;
  /** Of the test itself, as the service's role: ended by `drop`. */
  pool: Pool;
  /** As the owner of the tables, who may what the service may not: ended by `drop`. */
  owner: Pool;
  ownerUrl: string;
  /** Drops the database. Throws when the code under test left connections open. */
  drop(): Promise<void>;
};

/** Held while a template is made or copied: Postgres refuses to copy a database that somebody is connected to. */
const TEMPLATE_LOCK = 7_225_579;
const LEAK_PATIENCE_MS = 10_000;
/** Where hundreds ask at once on a busy machine, the last of them waits long: no outage. */
const CONNECT_MS_MAX = 60_000;

/** @param leakPatienceMs how long `drop` waits for connections that are being closed */
export async function createTestDatabase({ leakPatienceMs = LEAK_PATIENCE_MS } = {}): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdmin(async (admin) => {
    await admin.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const template = await ensureTemplate(admin);
    await admin.query(`create database ${name} template ${template}`);
  });
  const [url, ownerUrl] = [serviceUrlOf(name), urlOf(name)];
  const pool = openPool(url, { applicationName: 'test', connectMsMax: CONNECT_MS_MAX });
  const owner = openPool(ownerUrl, { applicationName: 'owner', connectionsMax: 2, connectMsMax: CONNECT_MS_MAX });
  return { url, pool, owner, ownerUrl, drop: () => drop(name, [pool, owner], leakPatienceMs) };
}

async function drop(name: string, pools: Pool[], leakPatienceMs: number): Promise<void> {
  await Promise.all(pools.map((pool) => pool.end()));
  await asAdmin(async (admin) => {
    const leaked = await connectionsLeft(admin, name, leakPatienceMs);
    await admin.query(`drop database ${name} with (force)`);
    if (leaked.length > 0) throw new Error(`Connections to ${name} were left open by: ${leaked.join(', ')}`);
  });
}

/** Who is still connected after a little patience: the server notices a closed connection a moment later. */
async function connectionsLeft(admin: Client, name: string, patienceMs: number): Promise<string[]> {
  for (const until = Date.now() + patienceMs; ; await sleep(20)) {
    const { rows } = await admin.query<{ application_name: string }>(
      "select application_name from pg_stat_activity where datname = $1 and backend_type = 'client backend'",
      [name],
    );
    if (rows.length === 0 || Date.now() > until) return rows.map((row) => row.application_name);
  }
}

/** Named after the schema's files, so that a changed one makes a new template. */
async function ensureTemplate(admin: Client): Promise<string> {
  const content = createHash('sha256');
  const { migrations, functions } = readSchemaFiles();
  for (const { name, hash } of [...migrations, ...functions]) content.update(name).update(hash);
  const name = `template_${content.digest('hex').slice(0, 16)}`;
  const { rowCount } = await admin.query('select 1 from pg_database where datname = $1', [name]);
  if (rowCount === 0) {
    const building = `${name}_building`;
    await admin.query(`drop database if exists ${building} with (force)`);
    await admin.query(`create database ${building}`);
    await prepareDatabase({ ownerUrl: urlOf(building), serviceUrl: serviceUrlOf(building) });
    await connectionsLeft(admin, building, LEAK_PATIENCE_MS);
    await admin.query(`alter database ${building} rename to ${name}`);
  }
  return name;
}

async function asAdmin(work: (admin: Client) => Promise<void>): Promise<void> {
  const admin = new Client({ connectionString: adminUrl() });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}

function adminUrl(): string {
  const url = process.env.TEST_PG_URL;
  if (!url) throw new Error('TEST_PG_URL is not set: the global setup of jest starts Postgres and sets it.');
  return url;
}

function urlOf(database: string): string {
  const url = new URL(adminUrl());
  url.pathname = `/${database}`;
  return url.href;
}

/** The role is made with the template. */
function serviceUrlOf(database: string): string {
  const url = new URL(urlOf(database));
  url.username = 'ballast_service';
  url.password = 'password_of_the_tests';
  return url.href;
}
