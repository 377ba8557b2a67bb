/** Who calls all the time while a release changes: usage and a gate, and what each was answered. */
import { sleep } from '../commands';
import { usage, type Keys } from './story';

const PAUSE_MS = 25;

export type Heard = { calls: number; refused: string[]; slowestMs: number };

/** Calls the API in turn, as long as it is not stopped. `heard` tells what came since it was asked last. */
export class Callers {
  private heardSince: Heard = none();
  private stopping = false;
  private calls = 0;
  private readonly running: Promise<void>;

  constructor(
    private readonly url: string,
    private readonly keys: Keys,
    private readonly account: string,
  ) {
    this.running = this.run();
  }

  heard(): Heard {
    const { heardSince } = this;
    this.heardSince = none();
    return heardSince;
  }

  /** Returns how many events were acknowledged. */
  async stop(): Promise<number> {
    this.stopping = true;
    await this.running;
    return this.calls;
  }

  private async run(): Promise<void> {
    for (; !this.stopping; await sleep(PAUSE_MS)) {
      const event = { ...usage(this.account, `steady-${this.calls++}`, 1), inputTokens: 1 };
      await this.call('POST', '/v1/usage', { events: [event] });
      await this.call('GET', `/v1/accounts/${this.account}/gate`);
    }
  }

  private async call(method: string, path: string, body?: object): Promise<void> {
    const startedMs = performance.now();
    const headers = { authorization: `Bearer ${this.keys.service}`, 'content-type': 'application/json' };
    const answer = await fetch(this.url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) }).then(
      async (response) => `${response.status} ${await response.text()}`,
      (error: Error) => error.message,
    );
    this.heardSince.calls += 1;
    if (!answer.startsWith('200')) this.heardSince.refused.push(`${method} ${path}: ${answer.slice(0, 200)}`);
    this.heardSince.slowestMs = Math.max(this.heardSince.slowestMs, performance.now() - startedMs);
  }
}

const none = (): Heard => ({ calls: 0, refused: [], slowestMs: 0 });
