/** Entry point of the API: reads the environment, migrates, listens, and stops cleanly. */
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { createFolderStore } from '../batches/fileStore';
import { openPacer } from '../batches/pace';
import {
  accountLimitsOf,
  boundsOf,
  filesDirOf,
  policyOf,
  publicUrlOf,
  readConfig,
  secretsOf,
  webhookSecretsOf,
} from '../domain/config';
import { adoptAdminKey } from '../ledger/accounts/adoptAdminKey';
import { LOW_PRIORITY_CONNECT_MS_MAX, openPool, SERVICE_LIMITS } from '../ledger/db';
import { readStoreOwner } from '../ledger/files/readStoreOwner';
import { migrateOrWait } from '../ledger/migrate';
import { createInvitationLinks } from '../notices/invitationLink';
import { createSignInLinks } from '../notices/signInLink';
import { createStripe } from '../stripe/client';
import { createConfirmationLinks } from '../payments/confirmationLink';
import { addPaceMetrics } from '../telemetry/paceMetrics';
import { openProcessOutput } from '../telemetry/processOutput';
import { startProcessMetrics } from '../telemetry/processMetrics';
import { takeLowPriority } from '../telemetry/priority';
import { tellReady } from '../telemetry/ready';
import { tracePool } from '../telemetry/tracePool';
import { connectionTo } from '../workflows/startOptions';
import { createApi } from './server';
import { traceMessages } from './signals/traceMessages';

/** Usage takes two connections at a time; the others are for reading and for what people do. */
const CONNECTIONS_MAX = 10;

function required(name: string, value: string | undefined): string {
  if (value === undefined) throw new Error(`${name} must be set: the API can not work without it.`);
  return value;
}

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const isOfBatches = config.LOW_PRIORITY === '1';
  if (isOfBatches) takeLowPriority();
  const databaseUrl = required('DATABASE_URL', config.DATABASE_URL);
  const name = isOfBatches ? 'batches-api' : 'api';
  const { log, say, tracing } = await openProcessOutput(name, config, secretsOf(config));
  const connection = Connection.lazy(connectionTo(required('TEMPORAL_ADDRESS', config.TEMPORAL_ADDRESS)));
  const secretKey = required('STRIPE_SECRET_KEY', config.STRIPE_SECRET_KEY);
  const stripe = createStripe({ secretKey, apiBase: config.STRIPE_API_BASE });
  const gatePolicy = { onStale: config.GATE_POLICY, staleAfterMs: config.GATE_STALE_AFTER };
  const linked = { publicUrl: publicUrlOf(config), secret: config.LINK_SECRET ?? secretKey };
  const connectMsMax = isOfBatches ? LOW_PRIORITY_CONNECT_MS_MAX : undefined;
  await migrateOrWait(databaseUrl, { connectMsMax });
  const onIdleError = (error: Error): void => log.warn({ err: error }, 'a database connection was lost');
  const applicationName = `ballast-${name}`;
  const limits = { ...SERVICE_LIMITS, connectionsMax: CONNECTIONS_MAX, connectMsMax };
  const pool = openPool(databaseUrl, { ...limits, applicationName, onIdleError });
  if (tracing) tracePool(pool, tracing);
  const metrics = await startProcessMetrics(name, config, { log, say });
  if (config.ADMIN_KEY !== undefined && !(await adoptAdminKey(pool, config.ADMIN_KEY)))
    log.error('ADMIN_KEY was revoked or replaced before, or is no admin key: it is not in force; choose a new one');
  const temporal = new Client({
    connection,
    namespace: config.TEMPORAL_NAMESPACE,
    ...(tracing && { interceptors: { workflow: [traceMessages(tracing)] } }),
  });
  const pacer = isOfBatches ? openPacer(config.GATES_BUSY_FILE, addPaceMetrics(metrics)) : undefined;
  const api = createApi({
    pool,
    databaseUrl,
    temporal,
    stripe,
    claimSecret: config.LINK_SECRET ?? secretKey,
    policy: policyOf(config),
    bounds: boundsOf(config),
    gatePolicy,
    links: createConfirmationLinks(linked),
    invitations: createInvitationLinks(linked),
    signIns: createSignInLinks(linked),
    publicUrl: linked.publicUrl,
    accountLimits: accountLimitsOf(config),
    temporalUi: { namespace: config.TEMPORAL_NAMESPACE, uiUrl: config.TEMPORAL_UI_URL ?? null },
    files: createFolderStore(filesDirOf(config), () => readStoreOwner(pool)),
    pace: pacer,
    gatesBusyFile: isOfBatches ? undefined : config.GATES_BUSY_FILE,
    batchesUrl: config.BATCHES_URL,
    log,
    metrics,
    tracing,
    stripeWebhookSecrets: webhookSecretsOf(config),
    consoleDir: join(__dirname, '..', 'console'),
    trustedProxies: config.TRUSTED_PROXIES,
    allowPrivateWebhooks: config.WEBHOOK_ALLOW_PRIVATE === '1',
  });
  const { port } = await api.listen(config.PORT, config.HOST);
  say(`api listening on http://${config.HOST}:${port}`);
  tellReady();

  const stop = async (): Promise<void> => {
    pacer?.close();
    await api.close();
    await connection.close();
    await pool.end();
    await metrics.close();
    await tracing?.close();
  };
  let stopping: Promise<void> | null = null;
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => void (stopping ??= stop().then(() => process.exit(0))));
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
