/** Replays the sample of the real trace on the demo accounts, as an inference service that heeds the gate would send it. */
import { randomUUID } from 'node:crypto';
import { sleep, type Log } from './commands';
import { imageModel, imageSize, prepaidAccount, reloadingAccount, textModel, type Demo } from './demoSetup';
import { readSample, requestAt } from './demoSample';

interface Gate {
  allowed: boolean;
  reasons: string[];
}

interface UsageAnswer {
  rejected: { id: string; message: string }[];
  gates: Record<string, Gate>;
}

const tickMs = 250;
// About 10 requests/s. Three of four go to `demo`: some $0.05 a second, which keeps its reloads under the breaker's 10 an hour.
const steadySpeed = 2;
// A new demo starts fast, so that the first reload and the first suspension come within seconds.
const openingSpeed = 30;
const openingMs = 20_000;
const topUpAfterMs = 8_000;
const imageEvery = 100;
const triesMax = 5;

/** Runs until the process ends. */
export async function runTraffic(demo: Demo, log: Log): Promise<never> {
  const traffic = new Traffic(demo, log);
  for (;;) {
    const began = Date.now();
    await traffic.tick();
    await sleep(Math.max(0, began + tickMs - Date.now()));
  }
}

class Traffic {
  private readonly sample = readSample();
  /** Event ids are kept for ever, so each run needs its own. */
  private readonly run = randomUUID().slice(0, 8);
  private readonly gates: Record<string, Gate | undefined> = {};
  private readonly openingEndsAt: number;
  private traceMs = 0;
  private sent = 0;
  private topUpAt: number | null = null;

  constructor(
    private readonly demo: Demo,
    private readonly log: Log,
  ) {
    this.openingEndsAt = demo.fresh ? Date.now() + openingMs : 0;
  }

  async tick(): Promise<void> {
    this.traceMs += tickMs * (Date.now() < this.openingEndsAt ? openingSpeed : steadySpeed);
    const events = this.dueEvents();
    try {
      if (events.length > 0) await this.post(events);
      for (const account of [reloadingAccount, prepaidAccount]) if (!this.mayRun(account)) await this.readGate(account);
      await this.topUpWhenDue();
    } catch (error) {
      this.log(`demo traffic waits: ${(error as Error).message}`);
      await sleep(1_000);
    }
  }

  private mayRun(account: string): boolean {
    return this.gates[account]?.allowed ?? true;
  }

  /** The requests that arrived since the last tick; those the gate turns away cost nothing. */
  private dueEvents(): unknown[] {
    const events: unknown[] = [];
    for (
      let next = requestAt(this.sample, this.sent);
      next.arrivalMs <= this.traceMs;
      next = requestAt(this.sample, this.sent)
    ) {
      const id = `${this.run}-${this.sent}`;
      const accountId = this.sent % 4 === 3 ? prepaidAccount : reloadingAccount;
      this.sent += 1;
      if (!this.mayRun(accountId)) continue;
      events.push({ id, accountId, model: textModel, inputTokens: next.inputTokens, outputTokens: next.outputTokens });
      if (this.sent % imageEvery === 0)
        events.push({ id: `${id}-image`, accountId, model: imageModel, images: 1, imageSize });
    }
    return events;
  }

  /** Tried a few times under the same ids: what was charged already is then a duplicate. */
  private async post(events: unknown[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { body } = await this.demo.service.request<UsageAnswer>('POST', '/v1/usage', { body: { events } });
        Object.assign(this.gates, body.gates);
        for (const { id, message } of body.rejected) this.log(`demo event ${id} was rejected: ${message}`);
        return;
      } catch (error) {
        if (attempt === triesMax) throw error;
        await sleep(500 * attempt);
      }
    }
  }

  private async readGate(account: string): Promise<void> {
    this.gates[account] = await this.demo.service.get<Gate>(`/v1/accounts/${account}/gate`);
  }

  /** The owner of the prepaid account takes a moment, then pays $5.00. */
  private async topUpWhenDue(): Promise<void> {
    const ranDry = this.gates[prepaidAccount]?.reasons.includes('balance_exhausted') && !this.mayRun(prepaidAccount);
    this.topUpAt = ranDry ? (this.topUpAt ?? Date.now() + topUpAfterMs) : null;
    if (this.topUpAt === null || Date.now() < this.topUpAt) return;
    const idempotencyKey = `demo-top-up-${this.run}-${this.topUpAt}`;
    const path = `/v1/accounts/${prepaidAccount}/prepayments`;
    await this.demo.owners[prepaidAccount]!.request('POST', path, { body: { amount: '5.00' }, idempotencyKey });
    await this.readGate(prepaidAccount);
    this.topUpAt = null;
  }
}
