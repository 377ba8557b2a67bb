// Entry point: the Stripe simulator as its own process.
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { z } from 'zod';
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

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: process.env.SIMULATOR_PORT },
    'database-url': { type: 'string', default: process.env.SIMULATOR_DATABASE_URL },
    schema: { type: 'string', default: process.env.SIMULATOR_SCHEMA },
    'webhook-url': { type: 'string', default: process.env.SIMULATOR_WEBHOOK_URL },
    'webhook-secret': { type: 'string', default: process.env.SIMULATOR_WEBHOOK_SECRET },
    'secret-key': { type: 'string', default: process.env.SIMULATOR_SECRET_KEY },
  },
});

async function main(): Promise<void> {
  const { port, databaseUrl, schema, webhookUrl, webhookSecret, secretKey } = settings.parse({
    port: values.port,
    databaseUrl: values['database-url'],
    schema: values.schema,
    webhookUrl: values['webhook-url'],
    webhookSecret: values['webhook-secret'],
    secretKey: values['secret-key'],
  });
  const simulator = await startStripeSimulator({
    host: '127.0.0.1',
    port,
    databaseUrl,
    ...(schema !== undefined && { schema }),
    ...(webhookUrl !== undefined &&
      webhookSecret !== undefined && { webhook: { url: webhookUrl, secret: webhookSecret } }),
    ...(secretKey !== undefined && { secretKey }),
    // stdout carries the one line that a starting script waits for.
    log: pino({ name: 'stripe-simulator' }, pino.destination(2)),
  });
  process.stdout.write(`stripe simulator listening on ${simulator.url}\n`);
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
