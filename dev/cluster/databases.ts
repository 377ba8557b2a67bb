/** Roles and databases of the cluster's Postgres: Ballast's and Temporal's, of a role each that is no superuser. */
import { Client } from 'pg';
import { prepareDatabase } from '../../ledger/prepareDatabase';
import { serviceUrlOf } from '../postgres';
import type { NodeName, Place } from './place';

/** Ballast's database as the role that owns its tables, where the primary is, or on one node. */
export const ownerUrl = ({ ports, passwords }: Place, node?: NodeName): string =>
  `postgres://ballast:${passwords.ballast}@127.0.0.1:${node ? ports[`${node}-postgres`] : ports.primary}/ballast`;

/** As the role that API and workers have. */
export const serviceUrl = (place: Place): string => serviceUrlOf(ownerUrl(place));

/** Idempotent. */
export async function prepareDatabases(place: Place): Promise<void> {
  const { ports, passwords } = place;
  const client = new Client({
    connectionString: `postgres://postgres:${passwords.superuser}@127.0.0.1:${ports.primary}/postgres`,
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => undefined);
  await client.connect();
  const has = async (query: string, name: string) => ((await client.query(query, [name])).rowCount ?? 0) > 0;
  try {
    for (const [role, database] of [
      ['ballast', 'ballast'],
      ['temporal', 'temporal'],
      ['temporal', 'temporal_visibility'],
    ] as const) {
      if (!(await has('select from pg_roles where rolname = $1', role)))
        // The owner of Ballast's tables makes the role of the service.
        await client.query(`create role ${role} login createrole password '${passwords[role]}'`);
      if (!(await has('select from pg_database where datname = $1', database)))
        await client.query(`create database ${database} owner ${role}`);
    }
  } finally {
    await client.end();
  }
  await prepareDatabase({ ownerUrl: ownerUrl(place), serviceUrl: serviceUrl(place) });
}
