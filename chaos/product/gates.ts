/** Gates at both APIs: whoever has nothing is never let in, and each follows the database once all is quiet. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Ballast } from './ballast';
import { EMPTY, type People } from './accounts';

type Gate = { allowed: boolean; state: string; reasons: string[]; version: number };

const WATCH_EACH_MS = 100;
/** An API reads all gates that have changed each second. */
const FOLLOW_MS_MAX = 10_000;
const ASK_MS_MAX = 3_000;

async function gateAt(url: string, serviceKey: string, account: string): Promise<Gate | null> {
  const answer = await fetch(`${url}/v1/accounts/${account}/gate`, {
    headers: { authorization: `Bearer ${serviceKey}` },
    signal: AbortSignal.timeout(ASK_MS_MAX),
  }).catch(() => null);
  return answer?.status === 200 ? ((await answer.json().catch(() => null)) as Gate | null) : null;
}

export type GateWatch = {
  /** How often an API let the account in that has never had money: it must be never. */
  letIn(): number;
  /** How often an API said of it whether it may in. */
  answered(): number;
  /** From now on each API must answer. */
  expectAnswers(): void;
  /** APIs that have not answered since. */
  silent(): string[];
  stop(): Promise<void>;
};

export function watchGates(ballast: Ballast, serviceKey: string): GateWatch {
  let [letIn, answered, stopped] = [0, 0, false];
  let silent = new Set(ballast.apiUrls);
  const watch = async (url: string): Promise<void> => {
    for (; !stopped; await sleep(WATCH_EACH_MS)) {
      const gate = await gateAt(url, serviceKey, EMPTY);
      if (gate === null) continue;
      answered++;
      silent.delete(url);
      if (gate.allowed) letIn++;
    }
  };
  const watching = Promise.all(ballast.apiUrls.map(watch));
  return {
    letIn: () => letIn,
    answered: () => answered,
    expectAnswers: () => void (silent = new Set(ballast.apiUrls)),
    silent: () => [...silent].map((url) => `${url} did not answer who has nothing`),
    async stop() {
      stopped = true;
      await watching;
    },
  };
}

/** Which gates of the accounts, and of who has nothing, are not, at an API, what the database says, although it had time to follow. */
export async function gatesThatLag(ballast: Ballast, { serviceKey, accounts }: People, pool: Pool): Promise<string[]> {
  const ids = [EMPTY, ...accounts.map(({ id }) => id)];
  let wrong: string[] = [];
  for (const endMs = performance.now() + FOLLOW_MS_MAX; performance.now() < endMs; await sleep(100)) {
    const { rows } = await pool.query<{ id: string; state: string; reasons: string[] }>(
      'select account_id as id, gate_state as state, gate_reasons as reasons from balances where account_id = any($1)',
      [ids],
    );
    const known = new Map(rows.map((row) => [row.id, row]));
    const checked = ballast.apiUrls.flatMap((url) =>
      ids.map(async (id) => {
        const [gate, row] = [await gateAt(url, serviceKey, id), known.get(id)];
        const right = gate?.state === row?.state && gate?.reasons.toSorted().join() === row?.reasons.toSorted().join();
        return right && gate !== null
          ? null
          : `the gate of ${id} at ${url} says ${JSON.stringify(gate)}, the database ${JSON.stringify(row)}`;
      }),
    );
    wrong = (await Promise.all(checked)).filter((one) => one !== null);
    if (wrong.length === 0) return [];
  }
  return wrong;
}
