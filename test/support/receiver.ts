/** A server that receives webhooks, notes them as they came, and answers what it is told. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

export type Received = { path: string; headers: IncomingHttpHeaders; body: string };
export type Receiver = {
  port: number;
  url: string;
  received: Received[];
  /** What the library says of the last one: its content, or a throw. */
  verified(secret: string, index?: number): any;
  close(): Promise<void>;
};

/** @param answer writes the answer to the nth request, from 1; a 204 by default */
export async function startReceiver(
  answer: (response: ServerResponse, nth: number) => void = (response) => response.writeHead(204).end(),
): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ path: request.url!, headers: request.headers, body: Buffer.concat(chunks).toString() });
      answer(response, received.length);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}/hooks`,
    received,
    verified(secret, index = received.length - 1) {
      const { body, headers } = received[index]!;
      return new Webhook(secret).verify(body, headers as Record<string, string>);
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
