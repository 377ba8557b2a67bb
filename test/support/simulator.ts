/** A Stripe simulator of a test's own: a schema in one database of the test run, apart from all that is Ballast's. */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { startStripeSimulator, type StripeSimulator, type StripeSimulatorOptions } from '../../dev/stripe/server';

export type SimulatorState = { databaseUrl: string; schema: string };

/** Where a simulator can keep its state; the same one again finds what was there. */
export async function newSimulatorState(): Promise<SimulatorState> {
  const url = new URL(process.env.TEST_PG_URL!);
  url.pathname = '/stripe_simulators';
  await onDatabase(process.env.TEST_PG_URL!, async (admin) => {
    // Test files run side by side: the lock lets one of them create the database.
    await admin.query('select pg_advisory_lock(7225581)');
    const found = await admin.query(`select from pg_database where datname = 'stripe_simulators'`);
    if (found.rowCount === 0) await admin.query('create database stripe_simulators');
  });
  return { databaseUrl: url.href, schema: `simulator_${randomBytes(6).toString('hex')}` };
}

export function forgetSimulatorState({ databaseUrl, schema }: SimulatorState): Promise<void> {
  return onDatabase(
    databaseUrl,
    async (client) => void (await client.query(`drop schema if exists ${schema} cascade`)),
  );
}

/** Its state is dropped when it is stopped. */
export async function startTestSimulator(options: Partial<StripeSimulatorOptions> = {}): Promise<StripeSimulator> {
  const state = await newSimulatorState();
  const simulator = await startStripeSimulator({ host: '127.0.0.1', port: 0, ...state, ...options });
  return {
    ...simulator,
    async stop() {
      await simulator.stop();
      await forgetSimulatorState(state);
    },
  };
}

async function onDatabase(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await work(client).finally(() => client.end());
}
