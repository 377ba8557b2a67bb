/** `npm run verify` (`node dist/verify/main.js`): proves the invariants of a running system in figures; ends with 1 when one does not hold. */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readConfig } from '../domain/config';
import { holds, prove, tableOf } from './prove';
import { toProvider } from './provider';

/** A loop that ends holds, or a webhook that is repeated, may be so late in seconds. */
const GRACE_SECONDS = '900';
const PROGRESS_MS = 2_000;

const settings = z.object({
  grace: z.coerce.number({ error: '--grace is a number of seconds' }).int().nonnegative(),
});

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { grace: { type: 'string', default: GRACE_SECONDS } } });
  const { grace: graceSeconds } = settings.parse(values);
  const { DATABASE_URL, STRIPE_SECRET_KEY, STRIPE_API_BASE, LOW_BALANCE } = readConfig(process.env);
  if (DATABASE_URL === undefined) throw new Error('DATABASE_URL must name the database whose invariants are proved.');
  const provider = STRIPE_SECRET_KEY === undefined ? undefined : toProvider(STRIPE_SECRET_KEY, STRIPE_API_BASE);
  let toldMs = performance.now();
  const startedMs = toldMs;
  const results = await prove({
    databaseUrl: DATABASE_URL,
    provider,
    graceSeconds,
    lowLevelCents: LOW_BALANCE,
    onProgress: (invariant, done, ranges) => {
      if (performance.now() - toldMs < PROGRESS_MS) return;
      toldMs = performance.now();
      process.stderr.write(`${invariant}: ${done === ranges ? done : `${done} of ${ranges}`}\n`);
    },
  });
  process.stdout.write(`${tableOf(results)}\n\n`);
  if (provider === undefined)
    process.stdout.write('The payment provider was not asked: set STRIPE_SECRET_KEY (and STRIPE_API_BASE) for that.\n');
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  const broken = results.filter(({ differences }) => differences > 0).length;
  process.stdout.write(
    holds(results)
      ? `All ${results.length} invariants hold (${seconds} s).\n`
      : `${broken} of ${results.length} invariants do not hold (${seconds} s).\n`,
  );
  process.exitCode = holds(results) ? 0 : 1;
}

main().catch((error: Error) => {
  process.stderr.write(`${error instanceof z.ZodError ? z.prettifyError(error) : error.message}\n`);
  process.exit(2);
});
