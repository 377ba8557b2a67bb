/** The API with its posting statement answered without Postgres: the baseline of figure 4. A process of its own. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import pino from 'pino';
import { createFolderStore } from '../batches/fileStore';
import { createApi } from '../api/server';
import { openPool } from '../ledger/db';
import { createStripe } from '../stripe/client';
import { createInvitationLinks } from '../notices/invitationLink';
import { createSignInLinks } from '../notices/signInLink';
import { createConfirmationLinks } from '../payments/confirmationLink';

const NOWHERE = 'http://127.0.0.1:9';

const linked = { publicUrl: NOWHERE, secret: 'a secret of the bench' };

async function main(databaseUrl: string): Promise<void> {
  const pool = openPool(databaseUrl, { applicationName: 'bench-bare' });
  const query = pool.query.bind(pool) as (...args: unknown[]) => unknown;
  Object.assign(pool, {
    query: (...args: unknown[]) => {
      const [first] = args as [{ name?: string; values?: [string] }];
      return first.name === 'post-usage'
        ? Promise.resolve({ rows: [positions(first.values![0].split(',').length)] })
        : query(...args);
    },
  });
  const api = createApi({
    pool,
    databaseUrl,
    temporal: new Client({ connection: Connection.lazy({ address: '127.0.0.1:9' }) }),
    stripe: createStripe({ secretKey: 'sk_test_bench', apiBase: NOWHERE }),
    policy: { trigger: 'at_or_below', retryDelaysMs: [] },
    invitations: createInvitationLinks(linked),
    signIns: createSignInLinks(linked),
    publicUrl: linked.publicUrl,
    claimSecret: linked.secret,
    files: createFolderStore(join(tmpdir(), 'ballast-bench-files')),
    links: createConfirmationLinks(linked),
    log: pino({ level: 'silent' }),
  });
  const { port } = await api.listen(0, '127.0.0.1');
  process.send!(`http://127.0.0.1:${port}`);
  process.on('SIGTERM', () => process.exit(0));
}

/** As post_usage answers for accounts with money that rest. */
function positions(count: number) {
  const list = (value: (place: number) => unknown): string =>
    Array.from({ length: count }, (_, i) => value(i + 1)).join(',');
  return {
    places: list((place) => place),
    outcomes: null,
    available: list(() => 10n ** 15n),
    watermarks: list(() => 1),
    wakes: list(() => 'f'),
    gates: list(() => 'ok'),
    gate_versions: list(() => 1),
    reloads_due_ms: list(() => ''),
  };
}

void main(process.env.DATABASE_URL!);
