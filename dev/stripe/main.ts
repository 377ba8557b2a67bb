// Entry point: the Stripe simulator as its own process.
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { openOutput } from '../../telemetry/log';
import { tellReady } from '../../telemetry/ready';
import { startStripeSimulator } from './server';

const settings = z
  .object({
    port: z.coerce.number().int().min(0).max(65_535).default(0),
    databaseUrl: z.string().min(1, 'names the Postgres database of the state'),
    schema: z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,62}$/)
      .optional(),
    webhookUrl: z.url().optional(),
    webhookSecret: z.string().min(1).optional(),
    secretKey: z.string().min(1).optional(),
  })
  .refine(
    (given) => (given.webhookUrl === undefined) === (given.webhookSecret === undefined),
    'a webhook needs both its URL and its secret',
  );

// Secrets come by the environment only: everybody on the machine can read a command line.
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: process.env.SIMULATOR_PORT },
    schema: { type: 'string', default: process.env.SIMULATOR_SCHEMA },
    'webhook-url': { type: 'string', default: process.env.SIMULATOR_WEBHOOK_URL },
  },
});

async function main(): Promise<void> {
  const { port, databaseUrl, schema, webhookUrl, webhookSecret, secretKey } = settings.parse({
    port: values.port,
    databaseUrl: process.env.SIMULATOR_DATABASE_URL,
    schema: values.schema,
    webhookUrl: values['webhook-url'],
    webhookSecret: process.env.SIMULATOR_WEBHOOK_SECRET,
    secretKey: process.env.SIMULATOR_SECRET_KEY,
  });
  const { log, say } = openOutput('stripe-simulator', 'info');
  const simulator = await startStripeSimulator({
    host: '127.0.0.1',
    port,
    databaseUrl,
    ...(schema !== undefined && { schema }),
    ...(webhookUrl !== undefined &&
      webhookSecret !== undefined && { webhook: { url: webhookUrl, secret: webhookSecret } }),
    ...(secretKey !== undefined && { secretKey }),
    log,
  });
  say(`stripe simulator listening on ${simulator.url}`);
  tellReady();
  const stop = (): void => {
    simulator.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof z.ZodError ? z.prettifyError(error) : String(error)}\n`);
  process.exit(1);
});
