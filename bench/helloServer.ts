/** What the gate is held against: the least that Express, or Node alone, can answer. `node helloServer.js express|node` prints its port. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';

const HELLO = { hello: 'world' };

function helloOfExpress(): Server {
  const app = express();
  app.get('/hello', (_request, response) => void response.json(HELLO));
  return createServer(app);
}

function helloOfNode(): Server {
  const body = JSON.stringify(HELLO);
  return createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
    response.end(body);
  });
}

const server = process.argv[2] === 'express' ? helloOfExpress() : helloOfNode();
process.on('SIGTERM', () => process.exit(0));
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
