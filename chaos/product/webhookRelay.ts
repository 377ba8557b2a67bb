/** Stands between Stripe's webhooks and the APIs: passes them on, or loses, repeats, reorders, delays and forges them. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type WebhookMode = 'pass' | 'lose' | 'repeat' | 'reorder' | 'late' | 'forge';

export type WebhookRelay = {
  url: string;
  /**
   * What is done to events from now on: `lose` takes them and brings them to nobody; `late` and `reorder` bring them after a
   * while, the latter the last first. Returns to how many it was done so far.
   */
  twist(mode: WebhookMode): () => number;
  /** Forged events that an API took: it must be none. */
  forgedTaken(): number;
  close(): Promise<void>;
};

type Event = { body: string; signature: string };

const LATE_MS = 4_000;
const ASK_MS_MAX = 10_000;

/** @param apis their addresses; events go to one after the other */
export async function startWebhookRelay(apis: () => readonly string[]): Promise<WebhookRelay> {
  let [nth, forgedTaken] = [0, 0];
  let twist: { mode: WebhookMode; met: number } = { mode: 'pass', met: 0 };
  const waiting: Event[] = [];

  async function bring({ body, signature }: Event): Promise<boolean> {
    const places = apis();
    const answer = await fetch(`${places[nth++ % places.length]}/v1/webhooks/stripe`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'stripe-signature': signature },
      signal: AbortSignal.timeout(ASK_MS_MAX),
    }).catch(() => null);
    await answer?.arrayBuffer().catch(() => undefined);
    return answer?.ok === true;
  }
  /** Taken here and brought later; whoever does not take it then has never heard of it. */
  const bringWaiting = async (): Promise<void> => {
    await sleep(LATE_MS, undefined, { ref: false });
    for (let event = waiting.pop(); event; event = waiting.pop()) await bring(event);
  };
  /** With another amount, under the signature of the real one. */
  const forge = async ({ body, signature }: Event): Promise<void> => {
    const forged = body.replace(/"(amount|amount_received)":\s?\d+/g, '"$1": 99999900').replace('evt_', 'evt_forged');
    if (await bring({ body: forged, signature })) forgedTaken++;
  };

  const server = createServer((request, response) => {
    void (async () => {
      const event = { body: await textOf(request), signature: String(request.headers['stripe-signature'] ?? '') };
      twist.met++;
      response.statusCode = (await take(twist.mode, event)) ? 200 : 503;
      response.end();
    })().catch(() => response.destroy());
  });
  async function take(mode: WebhookMode, event: Event): Promise<boolean> {
    switch (mode) {
      case 'lose':
        return true;
      case 'repeat':
        return (await Promise.all([bring(event), bring(event), bring(event)])).every(Boolean);
      case 'late':
      case 'reorder':
        if (mode === 'late') waiting.unshift(event);
        else waiting.push(event);
        if (waiting.length === 1) void bringWaiting();
        return true;
      case 'forge':
        await forge(event);
        return bring(event);
      case 'pass':
        return bring(event);
    }
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    twist(mode) {
      const set = (twist = { mode, met: 0 });
      return () => set.met;
    },
    forgedTaken: () => forgedTaken,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
