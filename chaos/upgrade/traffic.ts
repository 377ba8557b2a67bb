/** What callers do all the while: usage, gates, holds and prepayments, at whichever API processes there are. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createApi, type Api } from '../../dev/apiClient';

export type Counts = { usage: number; gates: number; holds: number; prepayments: number };
export type Traffic = {
  counts: Counts;
  /** What was answered with anything but success. */
  failures: string[];
  /** The slowest answer since the last call, in ms. */
  slowestMs(): number;
  /** Goes to these from now on; resolves when what was asked of others is answered. */
  sendTo(urls: readonly string[]): Promise<void>;
  stop(): Promise<void>;
};

export type Caller = { accountId: string; ownerKey: string; serviceKey: string };
type Apis = { service: Api; owner: Api };
/** What is asked, how often, and whom. */
type Act = { name: keyof Counts; everyMs: number; ask(apis: Apis, nth: number): Promise<unknown> };

const actsOf = ({ accountId }: Caller): Act[] => [
  {
    name: 'usage',
    everyMs: 20,
    ask: async ({ service }, nth) => {
      const event = { id: `usage-${nth}`, accountId, model: 'upgrade', inputTokens: 1_000 };
      const { body } = await service.request<{ accepted: number; duplicates: number }>('POST', '/v1/usage', {
        body: { events: [event] },
      });
      if (body.accepted + body.duplicates !== 1) throw new Error(JSON.stringify(body));
    },
  },
  { name: 'gates', everyMs: 20, ask: ({ service }) => service.get(`/v1/accounts/${accountId}/gate`) },
  {
    name: 'holds',
    everyMs: 200,
    async ask({ service }, nth) {
      const path = `/v1/accounts/${accountId}/holds`;
      const hold = { body: { amount: '0.01' }, idempotencyKey: `hold-${nth}` };
      const { id } = (await service.request<{ id: string }>('POST', path, hold)).body;
      const events = [{ id: `hold-${nth}`, accountId, model: 'upgrade', inputTokens: 1_000 }];
      await service.request('POST', `${path}/${id}/settle`, { body: { events } });
    },
  },
  {
    name: 'prepayments',
    everyMs: 1_000,
    ask: ({ owner }, nth) => {
      const prepayment = { body: { amount: '5.00' }, idempotencyKey: `prepayment-${nth}` };
      return owner.request('POST', `/v1/accounts/${accountId}/prepayments`, prepayment);
    },
  },
];

export function startTraffic(caller: Caller, url: string): Traffic {
  const counts: Counts = { usage: 0, gates: 0, holds: 0, prepayments: 0 };
  const failures: string[] = [];
  const pending = new Set<Promise<void>>();
  let slowestMs = 0;
  let stopped = false;
  let targets = apisOf([url]);

  function apisOf(urls: readonly string[]): Apis[] {
    return urls.map((each) => ({
      service: createApi(each, caller.serviceKey),
      owner: createApi(each, caller.ownerKey),
    }));
  }

  async function once({ name, ask }: Act, nth: number): Promise<void> {
    const began = performance.now();
    try {
      await ask(targets[nth % targets.length]!, nth);
      counts[name]++;
    } catch (error) {
      failures.push(`${name} ${nth}: ${(error as Error).message}`);
    }
    slowestMs = Math.max(slowestMs, performance.now() - began);
  }

  async function repeat(act: Act): Promise<void> {
    for (let nth = 0; !stopped; nth++) {
      const asking = once(act, nth);
      pending.add(asking);
      void asking.finally(() => pending.delete(asking));
      await sleep(act.everyMs);
    }
  }
  const loops = actsOf(caller).map(repeat);

  return {
    counts,
    failures,
    slowestMs() {
      const slowest = slowestMs;
      slowestMs = 0;
      return slowest;
    },
    async sendTo(urls) {
      targets = apisOf(urls);
      await Promise.all(pending);
    },
    async stop() {
      stopped = true;
      await Promise.all(loops);
      await Promise.all(pending);
    },
  };
}
