/** N1: who runs the product is told where owners would get no mail. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { dist } from '../support/paths';

/** A worker that finds no Postgres, and ends: what it has said until then. */
function said(settings: Record<string, string>): string {
  const { stdout } = spawnSync(process.execPath, [join(dist, 'workers', 'main.js')], {
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      ...settings,
    },
  });
  return stdout;
}

test('N1 a worker with a live key of Stripe and without SMTP_URL warns that owners get no mail', () => {
  const warning = /"level":"?(40|warn)"?.*owners get no mail/;
  expect(said({ STRIPE_SECRET_KEY: 'sk_live_key' })).toMatch(warning);
  expect(said({ STRIPE_SECRET_KEY: 'sk_live_key', SMTP_URL: 'smtp://127.0.0.1:1' })).not.toMatch(warning);
  expect(said({ STRIPE_SECRET_KEY: 'sk_test_key' })).not.toMatch(warning);
});
