/** What `npm start` tells when everything is up. */
import type { Log } from './commands';
import type { DemoKeys } from './demoKeys';

export interface Addresses {
  api: string;
  postgres?: string;
  temporal?: string;
  temporalUi?: string | null;
  stripe?: string | undefined;
}

export interface SignInLinks {
  /** Null without a demo. */
  owner: string | null;
  /** Null where the environment has the admin key: whoever reads this would come in by it. */
  admin: string | null;
}

export interface Summary {
  addresses: Addresses;
  /** Null: the environment's, which its owner knows and nobody else should read here. */
  adminKey: string | null;
  demo: DemoKeys | null;
  /** Where one click signs in, once. */
  signIn: SignInLinks;
  dataDir: string;
}

export function printSummary({ addresses, adminKey, demo, signIn, dataDir }: Summary, log: Log): void {
  const rows: [string, string | null | undefined][] = [
    ['Console, owner', signIn.owner],
    ['Console, admin', signIn.admin ?? `${addresses.api}/ with the key that ADMIN_KEY has`],
    ['API', addresses.api],
    ['API docs', `${addresses.api}/docs`],
    ['Temporal UI', addresses.temporalUi],
    ['Temporal', addresses.temporal],
    ['Postgres', addresses.postgres && `${addresses.postgres}, database ballast`],
    ['Stripe', addresses.stripe ? `${addresses.stripe} (simulator)` : 'as the environment says'],
    ['Logs', `${dataDir}/logs`],
    ['Admin key', adminKey ?? 'as ADMIN_KEY of the environment says'],
    ['Demo account', demo && 'demo (auto-reload) and demo-prepaid (topped up by hand)'],
    ['Service key', demo?.serviceKey],
  ];
  log(`Ballast is ready at ${addresses.api}\n`);
  for (const [name, value] of rows) if (value) log(`  ${name.padEnd(16)}${value}`);
  if (demo) tryThese(addresses.api, adminKey ?? '$ADMIN_KEY', demo).forEach((line) => log(line));
  log('\nCtrl-C stops it all; the next start goes on from here.\n');
}

function tryThese(api: string, adminKey: string, demo: DemoKeys): string[] {
  const service = `-H 'Authorization: Bearer ${demo.serviceKey}'`;
  const event = `{"events":[{"id":"try-1","accountId":"demo","model":"demo-large","inputTokens":12000,"outputTokens":800}]}`;
  return [
    '\nTry: may it run, how is the account, and charge it for a request',
    `  curl -s ${service} ${api}/v1/accounts/demo/gate`,
    `  curl -s -H "Authorization: Bearer ${adminKey}" ${api}/v1/accounts/demo`,
    `  curl -s ${service} -H 'Content-Type: application/json' -d '${event}' ${api}/v1/usage`,
  ];
}
