/** Entry point of the worker process: workflows and activities, the relay, the hold sweep, and the delivery of notices by mail and webhook. */
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { archiveFolderOf, publicUrlOf, readConfig } from '../domain/config';
import { openPool } from '../ledger/db';
import { migrate } from '../ledger/migrate';
import { startDelivering } from '../notices/deliver';
import { createInvitationLinks } from '../notices/invitationLink';
import { createMailer } from '../notices/mailer';
import { createWebhookSender } from '../notices/webhookSender';
import { createStripe } from '../stripe/client';
import { createClaims } from '../stripe/claims';
import { createProvider } from '../stripe/provider';
import { createConfirmationLinks } from '../payments/confirmationLink';
import { openOutput } from '../telemetry/log';
import { tellReady } from '../telemetry/ready';
import { scheduleReconcile } from '../workflows/startReconcile';
import { createWebhookWorker } from './createWebhookWorker';
import { createWorker } from './createWorker';
import { startHoldSweep } from './holdSweep';
import { startRelay } from './relay';
import { startUsageArchive } from './usageArchive';
import { startUsageSums } from './usageSums';
import { startStartingWebhooks } from './webhookStarts';

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const { log, say } = openOutput('worker', config.LOG_LEVEL);
  const { DATABASE_URL, TEMPORAL_ADDRESS, STRIPE_SECRET_KEY } = config;
  if (!DATABASE_URL || !TEMPORAL_ADDRESS || !STRIPE_SECRET_KEY) {
    throw new Error('The worker needs DATABASE_URL, TEMPORAL_ADDRESS and STRIPE_SECRET_KEY.');
  }
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('WARN', ({ level, message, meta }) =>
      log[level === 'ERROR' ? 'error' : 'warn'](meta ?? {}, message),
    ),
  });
  const pool = openPool(DATABASE_URL, {
    connectionsMax: 20,
    applicationName: 'ballast-worker',
    onIdleError: (error) => log.warn({ error: error.message }, 'a database connection broke'),
  });
  await migrate(pool);
  const connection = await NativeConnection.connect({ address: TEMPORAL_ADDRESS });
  const clientConnection = await Connection.connect({ address: TEMPORAL_ADDRESS });
  const client = new Client({ connection: clientConnection, namespace: config.TEMPORAL_NAMESPACE });
  const linked = { publicUrl: publicUrlOf(config), secret: config.LINK_SECRET ?? STRIPE_SECRET_KEY };
  const deps = {
    pool,
    log,
    provider: createProvider(
      createStripe({ secretKey: STRIPE_SECRET_KEY, apiBase: config.STRIPE_API_BASE }),
      createClaims(config.LINK_SECRET ?? STRIPE_SECRET_KEY),
    ),
    policy: { trigger: config.AUTO_RELOAD_TRIGGER, retryDelaysMs: config.RELOAD_RETRY_DELAYS },
    links: createConfirmationLinks(linked),
  };
  const worker = await createWorker({ connection, namespace: config.TEMPORAL_NAMESPACE, deps });
  const sendWebhook = createWebhookSender({ allowPrivate: config.WEBHOOK_ALLOW_PRIVATE === '1' });
  const webhookWorker = await createWebhookWorker({
    connection,
    namespace: config.TEMPORAL_NAMESPACE,
    deps: { pool, log, sendWebhook },
  });
  // Charging goes on without it: an operator must see to it that it is made.
  await scheduleReconcile(client).catch((error: Error) =>
    log.error({ error: error.message }, 'reconciliation could not be scheduled'),
  );
  const relay = startRelay({ pool, client, log });
  const holdSweep = startHoldSweep({ pool, client, log });
  const usageSums = startUsageSums({ pool, log });
  const usageArchive = config.USAGE_RETENTION
    ? startUsageArchive({ pool, log, folder: archiveFolderOf(config), retentionMs: config.USAGE_RETENTION })
    : null;
  const mailer = createMailer({
    ...(config.SMTP_URL ? { smtpUrl: config.SMTP_URL } : {}),
    from: config.MAIL_FROM,
    db: pool,
  });
  const delivery = startDelivering({ pool, mailer, invitations: createInvitationLinks(linked), log });
  const webhooks = startStartingWebhooks({ pool, client, log });

  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => [worker, webhookWorker].forEach((one) => one.shutdown()));
  const running = Promise.all([worker.run(), webhookWorker.run()]);
  say('worker ready');
  tellReady();
  await running;
  await Promise.all([
    relay.stop(),
    holdSweep.stop(),
    usageSums.stop(),
    usageArchive?.stop(),
    delivery.stop(),
    webhooks.stop(),
  ]);
  await Promise.all([connection.close(), clientConnection.close(), pool.end()]);
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
