/** Accounts for the load: many with money, one that reloads itself by card, and one that has nothing. */
import { Agent } from 'node:http';
import { createApi } from '../../dev/apiClient';
import type { Cluster } from '../../dev/cluster/cluster';
import { reloadingAccount, setUpDemo, textModel } from '../../dev/demoSetup';
import { ask, type Event } from './senders';

const RICH = 20;
const EMPTY = 'failover-empty';
const MONEY = '10000.00';
/** Of the demo's model: two cents, so that a reload is charged in every minute. */
const TOKENS = { inputTokens: 6_000, outputTokens: 10 };
/** One of so many events is of the account that reloads itself. */
const RELOADING_EACH = 4;

export type Accounts = { serviceKey: string; nextEvent: () => Event; rich: string; empty: string };

export async function prepareAccounts(cluster: Cluster): Promise<Accounts> {
  const [url] = cluster.apis;
  const demo = await setUpDemo(url!, cluster.adminKey, cluster.dataDir);
  const admin = createApi(url!, cluster.adminKey);
  const rich = Array.from({ length: RICH }, (_, nth) => `failover-${nth + 1}`);
  for (const id of [...rich, EMPTY])
    await admin.request('POST', '/v1/accounts', {
      body: { id, name: id, members: [{ name: 'Owner', email: `owner@${id}.example`, role: 'owner' }] },
    });
  for (const id of rich)
    await admin.request('POST', `/v1/accounts/${id}/adjustments`, {
      body: { amount: MONEY, reason: 'failover' },
      idempotencyKey: `failover-${id}`,
    });
  const { serviceKey } = demo.keys;
  await checkGates(cluster.apis, serviceKey, rich[0]!);
  let sent = 0;
  const nextEvent = (): Event => {
    const nth = sent++;
    const accountId = nth % RELOADING_EACH === 0 ? reloadingAccount : rich[nth % RICH]!;
    return { accountId, model: textModel, ...TOKENS };
  };
  return { serviceKey, nextEvent, rich: rich[0]!, empty: EMPTY };
}

/** Else nothing would be measured. */
async function checkGates(apis: readonly string[], serviceKey: string, rich: string): Promise<void> {
  const agent = new Agent();
  for (const api of apis)
    for (const [account, allowed] of [
      [rich, true],
      [EMPTY, false],
    ] as const) {
      const { status, text } = await ask(agent, `${api}/v1/accounts/${account}/gate`, serviceKey);
      if (status !== 200 || (JSON.parse(text) as { allowed: boolean }).allowed !== allowed)
        throw new Error(`${api}'s gate of ${account} says ${status} ${text}`);
    }
  agent.destroy();
}
