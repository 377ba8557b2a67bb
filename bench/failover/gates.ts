/** Asks gates all the time, at every API: how long one with money is denied, and whether one without is ever let in. */
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './senders';

export type GateWatch = {
  /** The seconds since the last reset in which the account with money was denied, at the API where it was longest. */
  deniedSeconds(): number;
  /** How often the account without money was let in since the start. */
  letIn(): number;
  reset(): void;
  stop(): Promise<void>;
};

const EACH_MS = 20;

export function watchGates(
  apis: readonly string[],
  serviceKey: string,
  accounts: { rich: string; empty: string },
): GateWatch {
  const agent = new Agent({ keepAlive: true });
  const deniedMs = apis.map(() => 0);
  let letIn = 0;
  let stopped = false;
  const isAllowed = async (api: string, account: string): Promise<boolean> => {
    const { status, text } = await ask(agent, `${api}/v1/accounts/${account}/gate`, serviceKey);
    return status === 200 && (JSON.parse(text) as { allowed: boolean }).allowed;
  };
  const watch = async (api: string, nth: number): Promise<void> => {
    let askedMs = performance.now();
    while (!stopped) {
      const allowed = await isAllowed(api, accounts.rich);
      const nowMs = performance.now();
      if (!allowed) deniedMs[nth]! += nowMs - askedMs + EACH_MS;
      if (await isAllowed(api, accounts.empty)) letIn++;
      await sleep(EACH_MS);
      askedMs = performance.now();
    }
  };
  const watching = Promise.all(apis.map(watch));
  return {
    deniedSeconds: () => Math.max(...deniedMs) / 1_000,
    letIn: () => letIn,
    reset: () => void deniedMs.fill(0),
    async stop() {
      stopped = true;
      await watching;
      agent.destroy();
    },
  };
}
