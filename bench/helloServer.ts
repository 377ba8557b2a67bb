/**
 * What gates and usage are held against: the least that Express, or Node alone, can answer. Prints its port.
 * `node helloServer.js express|node`, or `… body <length>`: reads a JSON body, and answers so many bytes.
 */
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

function bodyOfNode(length: number): Server {
  const body = JSON.stringify({ hello: 'x'.repeat(length - JSON.stringify({ hello: '' }).length) });
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        JSON.parse(Buffer.concat(chunks).toString());
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
        response.end(body);
      });
  });
}

const [, , kind, length] = process.argv;
const server = kind === 'express' ? helloOfExpress() : kind === 'body' ? bodyOfNode(Number(length)) : helloOfNode();
process.on('SIGTERM', () => process.exit(0));
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
