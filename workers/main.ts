/** Entry point of the worker process: workflows and activities, the relay, the hold sweep, and the delivery of notices by mail and webhook. */
import { Client, Connection } from '@temporalio/client';
import type { NativeConnection, Worker } from '@temporalio/worker';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import {
  accountLimitsOf,
  archiveFolderOf,
  policyOf,
  publicUrlOf,
  readConfig,
  secretsOf,
  type Config,
} from '../domain/config';
import { createClock, measureClock, type Clock } from '../ledger/clock';
import { LONG_LIMITS, openPool, SERVICE_LIMITS } from '../ledger/db';
import { migrateOrWait } from '../ledger/migrate';
import { startDelivering } from '../notices/deliver';
import { createInvitationLinks } from '../notices/invitationLink';
import { createMailer } from '../notices/mailer';
import { createSignInLinks } from '../notices/signInLink';
import { createWebhookSender } from '../notices/webhookSender';
import { createStripe } from '../stripe/client';
import { createClaims } from '../stripe/claims';
import { watchProvider, type CallWatch } from '../stripe/watch';
import { createProvider } from '../stripe/provider';
import { createConfirmationLinks } from '../payments/confirmationLink';
import { openProcessOutput } from '../telemetry/processOutput';
import { tellReady } from '../telemetry/ready';
import { addClockMetrics } from '../telemetry/clockMetrics';
import { addPoolMetrics } from '../telemetry/poolMetrics';
import { startProcessMetrics } from '../telemetry/processMetrics';
import { addStripeMetrics } from '../telemetry/stripeMetrics';
import { traceCalls } from '../telemetry/stripeTraces';
import { tracePool } from '../telemetry/tracePool';
import type { Tracing } from '../telemetry/spans';
import { connectionTo } from '../workflows/startOptions';
import { createWebhookWorker } from './createWebhookWorker';
import { createWorker } from './createWorker';
import { startHeartbeat } from './heartbeat';
import { FailedRuns, startLookingAtFailedRuns } from './failedRuns';
import { installRuntime } from './installRuntime';
import { startStartingLimitRequests } from './limitRequestStarts';
import { startOwningAttempts } from './attemptOwners';
import { startLevels } from './levels';
import { startMeasuringClock } from './measureClock';
import { startHoldSweep } from './holdSweep';
import { addLedgerGauges, createWorkerCounts, type WorkerCounts } from './metrics';
import { startSchedulingReconcile } from './reconcileSchedule';
import { startRelay } from './relay';
import type { Repeating } from './repeat';
import { runWorkers } from './runWorkers';
import { startSessionSweep } from './sessionSweep';
import { shutDown } from './shutDown';
import { startUsageArchive } from './usageArchive';
import { startUsageSums } from './usageSums';
import { workFields } from './workFields';
import { startStartingWebhooks } from './webhookStarts';

/** One each for sums, months to come, the archive, and the check of the whole ledger. */
const LONG_CONNECTIONS = 4;

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const { log, say, tracing } = await openProcessOutput('worker', config, secretsOf(config), workFields);
  const { DATABASE_URL, TEMPORAL_ADDRESS, STRIPE_SECRET_KEY } = config;
  if (!DATABASE_URL || !TEMPORAL_ADDRESS || !STRIPE_SECRET_KEY) {
    throw new Error('The worker needs DATABASE_URL, TEMPORAL_ADDRESS and STRIPE_SECRET_KEY.');
  }
  if (/^[sr]k_live_/.test(STRIPE_SECRET_KEY) && !config.SMTP_URL)
    log.warn('SMTP_URL is not set, and the key of Stripe is live: owners get no mail, it goes to the dev mailbox');
  const failed = new FailedRuns();
  installRuntime(log, failed);
  const metrics = await startProcessMetrics('worker', config, { log, say });
  const counts = createWorkerCounts(metrics);
  await migrateOrWait(DATABASE_URL);
  const onIdleError = (error: Error): void => log.warn({ error: error.message }, 'a database connection broke');
  const pool = openPool(DATABASE_URL, {
    ...SERVICE_LIMITS,
    connectionsMax: 20,
    applicationName: 'ballast-worker',
    onIdleError,
  });
  const longPool = openPool(DATABASE_URL, {
    ...LONG_LIMITS,
    connectionsMax: LONG_CONNECTIONS,
    applicationName: 'ballast-worker-long',
    onIdleError,
  });
  if (tracing) for (const traced of [pool, longPool]) tracePool(traced, tracing);
  addPoolMetrics(metrics, { main: pool, long: longPool });
  addLedgerGauges(metrics, pool);
  const clock = createClock();
  await measureClock(pool, clock);
  addClockMetrics(metrics, clock);
  const connection = Connection.lazy(connectionTo(TEMPORAL_ADDRESS));
  const client = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE });
  const linked = { publicUrl: publicUrlOf(config), secret: config.LINK_SECRET ?? STRIPE_SECRET_KEY };
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  // Holds end, mail is sent and sums are made without Temporal too, so nothing of it waits for the workers.
  const loops = startLoops(config, linked, { pool, longPool, client, log, clock, counts, failed });
  const watchStripe = traceCalls(tracing, addStripeMetrics(metrics));
  await runWorkers({
    address: TEMPORAL_ADDRESS,
    client,
    create: (native) =>
      createWorkers({
        config,
        stripeKey: STRIPE_SECRET_KEY,
        linked,
        connection: native,
        pool,
        longPool,
        log,
        clock,
        counts,
        watchStripe,
        tracing,
      }),
    onRunning() {
      say('worker ready');
      tellReady();
    },
    log,
    signal: stopping.signal,
  });
  await shutDown(loops, () => Promise.all([connection.close(), pool.end(), longPool.end(), metrics.close()]));
  await tracing?.close();
}

/** Where links in mails lead, and what signs them. */
type Linked = { publicUrl: string; secret: string };

/** The one that charges and the one that sends webhooks. */
async function createWorkers({
  config,
  stripeKey,
  linked,
  connection,
  pool,
  longPool,
  log,
  clock,
  counts,
  watchStripe,
  tracing,
}: {
  config: Config;
  stripeKey: string;
  linked: Linked;
  connection: NativeConnection;
  pool: Pool;
  longPool: Pool;
  log: Logger;
  clock: Clock;
  counts: WorkerCounts;
  watchStripe: CallWatch;
  tracing: Tracing | undefined;
}): Promise<Worker[]> {
  const namespace = config.TEMPORAL_NAMESPACE;
  const deps = {
    pool,
    longPool,
    log,
    counts: counts.activities,
    provider: watchProvider(
      createProvider(
        createStripe({ secretKey: stripeKey, apiBase: config.STRIPE_API_BASE }),
        createClaims(linked.secret),
      ),
      watchStripe,
    ),
    policy: policyOf(config),
    accountLimits: accountLimitsOf(config),
    links: createConfirmationLinks(linked),
    clock,
    admins: { emails: config.ADMIN_EMAILS, url: `${linked.publicUrl.replace(/\/+$/, '')}/limit-requests` },
  };
  const sendWebhook = createWebhookSender({ allowPrivate: config.WEBHOOK_ALLOW_PRIVATE === '1', now: clock.now });
  return [
    await createWorker({ connection, namespace, deps, buildId: config.WORKER_BUILD_ID, tracing }),
    await createWebhookWorker({
      connection,
      namespace,
      deps: { pool, log, sendWebhook, counts: counts.activities },
      tracing,
    }),
  ];
}

/** What runs beside the workflows, each by itself. */
function startLoops(
  config: Config,
  linked: Linked,
  parts: {
    pool: Pool;
    longPool: Pool;
    client: Client;
    log: Logger;
    clock: Clock;
    counts: WorkerCounts;
    failed: FailedRuns;
  },
): Repeating[] {
  const { pool, longPool, log, clock, counts } = parts;
  const mailer = createMailer({
    ...(config.SMTP_URL ? { smtpUrl: config.SMTP_URL } : {}),
    from: config.MAIL_FROM,
    db: pool,
  });
  const loops = [
    startMeasuringClock(parts),
    startSchedulingReconcile(parts),
    startRelay({ ...parts, counts: counts.relay }),
    startLookingAtFailedRuns(parts),
    startHoldSweep(parts),
    startUsageSums({ pool: longPool, log }),
    startDelivering({
      pool,
      mailer,
      invitations: createInvitationLinks(linked),
      signIns: createSignInLinks(linked),
      log,
      onTried: counts.mailed,
    }),
    startLevels({ pool, log, policy: policyOf(config) }),
    startSessionSweep({ pool, log }),
    startOwningAttempts({ pool, log }),
    startStartingWebhooks(parts),
    startStartingLimitRequests(parts),
  ];
  const { USAGE_RETENTION, HEARTBEAT_FILE } = config;
  if (USAGE_RETENTION)
    loops.push(
      startUsageArchive({
        pool: longPool,
        log,
        clock,
        folder: archiveFolderOf(config),
        retentionMs: USAGE_RETENTION,
        onLooked: counts.archived,
      }),
    );
  if (HEARTBEAT_FILE !== undefined) loops.push(startHeartbeat(pool, HEARTBEAT_FILE, log));
  return loops;
}

main().then(
  // Temporal's runtime keeps the process alive when its workers have never run.
  () => process.exit(0),
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);
