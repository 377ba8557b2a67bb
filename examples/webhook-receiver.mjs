/**
 * Receives Ballast's webhooks: verifies each, takes it once, and answers at once.
 *
 *   WEBHOOK_SECRET=whsec_… PORT=4000 node examples/webhook-receiver.mjs
 */
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';

const BODY_BYTES_MAX = 64 * 1024;
const { WEBHOOK_SECRET: secret, PORT: port = '4000' } = process.env;
if (!secret) throw new Error('Set WEBHOOK_SECRET to the secret that was shown when the endpoint was registered.');
const webhook = new Webhook(secret);

// Ids that were taken. In production: a unique column, written together with what the webhook makes you do.
const taken = new Set();

const server = createServer(async (request, response) => {
  let event;
  try {
    // What is signed is the body as it came: parsing it first and writing it again would change it.
    event = webhook.verify(await bodyOf(request), request.headers);
  } catch (error) {
    response.writeHead(400).end(`${error.message}\n`);
    return;
  }
  response.writeHead(204).end();
  const id = request.headers['webhook-id'];
  if (taken.has(id)) return; // the same one again: its answer was lost on the way
  taken.add(id);
  console.log(JSON.stringify(event));
});

async function bodyOf(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new Error('too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

server.listen(Number(port), '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}/`));
