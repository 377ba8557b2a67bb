// Delivers events to the webhook endpoint: signed, retried with growing delays, owed until taken or three days old.
import { createHmac } from 'node:crypto';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Store } from './store';

/** An event that is owed to the endpoint; `id` is the event's. */
export type Delivery = { id: string; attempts: number; createdAtMs: number };

export type WebhookTarget = { url: string; secret: string };

export type WebhookSwitches = {
  paused: boolean;
  /** How often each event is sent: 1, unless duplicates are wanted. */
  copies: number;
  /** Whether what comes within a short while is sent last first. */
  reorder: boolean;
};

const SWITCHES_DEFAULT: WebhookSwitches = { paused: false, copies: 1, reorder: false };
const CONCURRENT_MAX = 8;
const RETRY_FIRST_MS = 250;
const RETRY_LONGEST_MS = 60 * 1_000;
const GIVEN_UP_AFTER_MS = 3 * 24 * 60 * 60 * 1_000;
const ANSWER_WITHIN_MS = 10_000;
const REORDER_WINDOW_MS = 100;

export class WebhookSender {
  switches = SWITCHES_DEFAULT;
  private queue: Delivery[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private active = 0;
  private stopped = false;
  private readonly agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };

  constructor(
    private readonly store: Store,
    public target: WebhookTarget | null,
  ) {
    // What a process before this one still owed.
    for (const [, delivery] of store.tables.deliveries.values()) this.queue.push(delivery);
  }

  hasTarget(): boolean {
    return this.target !== null;
  }

  enqueue(deliveries: Delivery[]): void {
    if (deliveries.length === 0) return;
    this.queue.push(...deliveries);
    if (this.switches.reorder) this.later(REORDER_WINDOW_MS, () => this.pump());
    else this.pump();
  }

  set(changes: Partial<WebhookSwitches>): void {
    this.switches = { ...this.switches, ...changes };
    this.pump();
  }

  clear(): void {
    this.queue = [];
    this.switches = SWITCHES_DEFAULT;
    this.clearTimers();
  }

  stop(): void {
    this.stopped = true;
    this.clearTimers();
    this.agents.http.destroy();
    this.agents.https.destroy();
  }

  get owed(): number {
    return this.store.tables.deliveries.size;
  }

  pump(): void {
    while (!this.stopped && !this.switches.paused && this.target !== null && this.active < CONCURRENT_MAX) {
      const delivery = this.switches.reorder ? this.queue.pop() : this.queue.shift();
      if (delivery === undefined) return;
      this.active += 1;
      void this.deliver(delivery, this.target).finally(() => {
        this.active -= 1;
        this.pump();
      });
    }
  }

  private async deliver(delivery: Delivery, target: WebhookTarget): Promise<void> {
    const event = this.store.tables.events.get(delivery.id);
    // Reset meanwhile, or so old that the event itself is no longer kept.
    if (event === undefined) return this.settle(delivery);
    const payload = JSON.stringify(event);
    let taken = true;
    for (let copy = 0; copy < this.switches.copies; copy += 1) taken = (await this.send(target, payload)) && taken;
    if (this.stopped) return;
    if (taken || Date.now() - delivery.createdAtMs > GIVEN_UP_AFTER_MS) return this.settle(delivery);
    this.retry({ ...delivery, attempts: delivery.attempts + 1 });
  }

  private settle(delivery: Delivery): void {
    if (this.store.tables.deliveries.get(delivery.id) === undefined) return;
    this.store.tables.deliveries.delete(delivery.id);
    void this.store.persist([['deliveries', delivery.id, null]]);
  }

  private retry(delivery: Delivery): void {
    if (this.store.tables.deliveries.get(delivery.id) === undefined) return;
    this.store.tables.deliveries.set(delivery.id, delivery);
    void this.store.persist([['deliveries', delivery.id, delivery]]);
    const delayMs = Math.min(RETRY_FIRST_MS * 2 ** (delivery.attempts - 1), RETRY_LONGEST_MS);
    this.later(delayMs, () => {
      this.queue.push(delivery);
      this.pump();
    });
  }

  private send({ url, secret }: WebhookTarget, payload: string): Promise<boolean> {
    const secure = url.startsWith('https:');
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(payload),
      'stripe-signature': signature(payload, secret),
      'user-agent': 'Stripe/1.0 (simulator)',
    };
    const options = {
      method: 'POST',
      headers,
      agent: secure ? this.agents.https : this.agents.http,
      timeout: ANSWER_WITHIN_MS,
    };
    return new Promise((resolve) => {
      const request = (secure ? httpsRequest : httpRequest)(url, options, (response) => {
        response.resume();
        response.on('end', () =>
          resolve(response.statusCode !== undefined && response.statusCode >= 200 && response.statusCode < 300),
        );
        response.on('error', () => resolve(false));
      });
      request.on('timeout', () => request.destroy());
      request.on('error', () => resolve(false));
      request.on('close', () => resolve(false));
      request.end(payload);
    });
  }

  private later(delayMs: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      action();
    }, delayMs);
    this.timers.add(timer.unref());
  }

  private clearTimers(): void {
    this.timers.forEach((timer) => clearTimeout(timer));
    this.timers.clear();
  }
}

/** `t=…,v1=…`: an HMAC over time and payload (https://docs.stripe.com/webhooks#verify-manually). */
function signature(payload: string, secret: string): string {
  const seconds = Math.floor(Date.now() / 1_000);
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${payload}`).digest('hex')}`;
}
