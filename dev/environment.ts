/** What the programs of `npm start` are told, by their environment: it is read by their user only, unlike a command line. */
import { join } from 'node:path';
import { publicUrlOf, webhookSecretsOf, type Config } from '../domain/config';
import type { Secrets } from './dataDir';

/** Where the servers are now. It changes when one had to leave its port to another program. */
export interface Places {
  apiPort: number;
  /** The API process that serves files and batches. */
  batches: string;
  databaseUrl: string;
  /** The database of the Stripe simulator. */
  simulatorUrl: string;
  temporal: string;
  /** Of the dev server's pages; null: it has none. */
  temporalUi?: string | null;
  /** Undefined: Stripe itself. */
  stripe: string | undefined;
}

export interface Given {
  config: Config;
  secrets: Secrets;
  dataDir: string;
}

const simulatorKey = 'sk_test_ballast_simulator';

/** Of API, workers and demo. */
export function programEnvironment({ config, secrets, dataDir }: Given, places: Places): Record<string, string> {
  return {
    PORT: String(places.apiPort),
    BATCHES_URL: places.batches,
    HOST: config.HOST,
    DATA_DIR: dataDir,
    GATES_BUSY_FILE: join(dataDir, 'gates-busy'),
    DEMO: config.DEMO ? '1' : '0',
    ADMIN_KEY: secrets.adminKey,
    DATABASE_URL: places.databaseUrl,
    // The owner's, which API and worker have no use for.
    MIGRATE_DATABASE_URL: '',
    TEMPORAL_ADDRESS: places.temporal,
    TEMPORAL_NAMESPACE: config.TEMPORAL_NAMESPACE,
    TEMPORAL_UI_URL: config.TEMPORAL_UI_URL ?? places.temporalUi ?? '',
    STRIPE_SECRET_KEY: config.STRIPE_SECRET_KEY ?? simulatorKey,
    STRIPE_WEBHOOK_SECRET: config.STRIPE_WEBHOOK_SECRET ?? secrets.webhookSecret,
    PUBLIC_URL: publicUrlOf({ ...config, PORT: places.apiPort }),
    LINK_SECRET: config.LINK_SECRET ?? secrets.linkSecret,
    // In the dev mailbox one sees what the admins of a deployment would get.
    ...(config.SMTP_URL === undefined && config.ADMIN_EMAILS.length === 0 && { ADMIN_EMAILS: 'admin@ballast.example' }),
    WEBHOOK_ALLOW_PRIVATE: config.WEBHOOK_ALLOW_PRIVATE ?? (mayReachPrivate(config) ? '1' : '0'),
    ...(places.stripe !== undefined && { STRIPE_API_BASE: places.stripe }),
  };
}

/** Of the API process that serves files and batches: it is only asked by the other one. */
export function batchesEnvironment(given: Given, places: Places): Record<string, string> {
  const { BATCHES_URL: own, ...environment } = programEnvironment(given, places);
  const { hostname, port } = new URL(own!);
  return { ...environment, HOST: hostname, PORT: port, LOW_PRIORITY: '1', TRUSTED_PROXIES: 'loopback' };
}

/** Of the Stripe simulator. It signs with one of the secrets that the API takes. */
export function simulatorEnvironment(
  { config, secrets }: Given,
  places: Pick<Places, 'apiPort' | 'simulatorUrl'>,
  port: number,
): Record<string, string> {
  return {
    SIMULATOR_PORT: String(port),
    SIMULATOR_DATABASE_URL: places.simulatorUrl,
    SIMULATOR_WEBHOOK_URL: `http://127.0.0.1:${places.apiPort}/v1/webhooks/stripe`,
    SIMULATOR_WEBHOOK_SECRET: webhookSecretsOf(config)[0] ?? secrets.webhookSecret,
  };
}

/**
 * With the simulator's money, webhooks may go to receivers on this machine, but only while nobody else can ask the API:
 * whoever may register an address could otherwise reach into the network of this machine.
 */
const mayReachPrivate = ({ STRIPE_SECRET_KEY, HOST }: Config): boolean =>
  STRIPE_SECRET_KEY === undefined && isLoopback(HOST);

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);
