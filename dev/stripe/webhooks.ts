// Delivers events to the webhook endpoint: signed, retried with growing delays, owed until taken or three days old.
import { createHmac } from 'node:crypto';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { DueEvent, OwedEvents } from './owedEvents';

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
/** How soon it looks again when Postgres was away. */
const OUTAGE_MS = 1_000;

export class WebhookSender {
  switches = SWITCHES_DEFAULT;
  private timer: NodeJS.Timeout | undefined;
  private active = 0;
  /** Whether a claim is under way, and whether one more is due after it. */
  private claiming = false;
  private again = false;
  private stopped = false;
  private readonly agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };

  constructor(
    private readonly events: OwedEvents,
    public target: WebhookTarget | null,
  ) {}

  hasTarget(): boolean {
    return this.target !== null;
  }

  wake(): void {
    if (this.switches.reorder) this.later(REORDER_WINDOW_MS);
    else this.pump();
  }

  set(changes: Partial<WebhookSwitches>): void {
    this.switches = { ...this.switches, ...changes };
    this.pump();
  }

  clear(): void {
    this.switches = SWITCHES_DEFAULT;
    clearTimeout(this.timer);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.agents.http.destroy();
    this.agents.https.destroy();
  }

  /** Sends what is due, eight at a time, and comes back when the next is. */
  pump(): void {
    this.again = this.claiming;
    if (this.claiming || !this.target || this.stopped || this.switches.paused || this.active >= CONCURRENT_MAX) return;
    this.claiming = true;
    this.claim(this.target)
      .catch(() => this.later(OUTAGE_MS))
      .finally(() => {
        this.claiming = false;
        if (this.again) this.pump();
      });
  }

  private async claim(target: WebhookTarget): Promise<void> {
    // A claim lasts longer than its copies can take; whoever dies with it has them sent again.
    const leaseMs = (ANSWER_WITHIN_MS + 5_000) * this.switches.copies;
    const due = await this.events.claim(CONCURRENT_MAX - this.active, this.switches.reorder, leaseMs);
    for (const event of due) {
      this.active += 1;
      this.deliver(event, target)
        .catch(() => undefined) // Postgres is away: the claim runs out, and the event is sent again.
        .finally(() => {
          this.active -= 1;
          this.pump();
        });
    }
    const nextMs = due.length === 0 ? await this.events.nextDueMs() : null;
    if (nextMs !== null) this.later(nextMs);
  }

  private async deliver(event: DueEvent, target: WebhookTarget): Promise<void> {
    let taken = true;
    for (let copy = 0; copy < this.switches.copies; copy += 1)
      taken = (await this.send(target, event.payload)) && taken;
    if (this.stopped) return;
    const givenUp = Date.now() - event.created * 1_000 > GIVEN_UP_AFTER_MS;
    if (taken || givenUp) return this.events.settle(event.id);
    await this.events.postpone(event.id, Math.min(RETRY_FIRST_MS * 2 ** (event.attempts - 1), RETRY_LONGEST_MS));
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

  private later(delayMs: number): void {
    clearTimeout(this.timer);
    if (!this.stopped) this.timer = setTimeout(() => this.pump(), delayMs).unref();
  }
}

/** `t=…,v1=…`: an HMAC over time and payload (https://docs.stripe.com/webhooks#verify-manually). */
function signature(payload: string, secret: string): string {
  const seconds = Math.floor(Date.now() / 1_000);
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${payload}`).digest('hex')}`;
}
