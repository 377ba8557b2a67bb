import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { WebhookPayload } from '../../domain/webhook';
import { createWebhookSender, type WebhookSenderOptions } from '../../notices/webhookSender';
import type { Address } from '../../notices/webhookTarget';
import { startReceiver, type Receiver } from '../support/receiver';

const secretOf = (letter: string) => `whsec_${Buffer.from(letter.repeat(32)).toString('base64')}`;
const secret = secretOf('a');
const payload: WebhookPayload = {
  type: 'resumed',
  timestamp: '2026-11-21T10:00:00.000Z',
  data: { accountId: 'acme', available: '25.00' },
};
const loopback: Address = { address: '127.0.0.1', family: 4 };

const open: Receiver[] = [];
const receive = async (...answer: Parameters<typeof startReceiver>) => {
  const receiver = await startReceiver(...answer);
  open.push(receiver);
  return receiver;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((receiver) => receiver.close()));
});

const send = (url: string, options: Partial<WebhookSenderOptions> = {}, secrets = [secret]) =>
  createWebhookSender({ allowPrivate: true, ...options })({ messageId: 'msg-1', url, secrets, payload });

test('N2 a webhook is signed as the library of Standard Webhooks verifies it', async () => {
  const receiver = await receive();
  expect(await send(`${receiver.url}?tenant=1`)).toEqual({ status: 204 });
  expect(receiver.received).toMatchObject([
    { path: '/hooks?tenant=1', headers: { 'content-type': 'application/json', 'webhook-id': 'msg-1' } },
  ]);
  expect(receiver.verified(secret)).toEqual(payload);
  expect(() => receiver.verified(secretOf('b'))).toThrow('No matching signature');
  receiver.received[0]!.body = receiver.received[0]!.body.replace('25.00', '26.00');
  expect(() => receiver.verified(secret)).toThrow('No matching signature');
});

test('N2 during a rotation each secret verifies by itself', async () => {
  const receiver = await receive();
  await send(receiver.url, {}, [secretOf('n'), secretOf('o')]);
  expect(receiver.verified(secretOf('n'))).toEqual(payload);
  expect(receiver.verified(secretOf('o'))).toEqual(payload);
});

test('N2 a redirect is not followed', async () => {
  const inner = await receive();
  const outer = await receive((response) => response.writeHead(307, { location: inner.url }).end());
  expect(await send(outer.url)).toMatchObject({ status: 307 });
  expect(inner.received).toEqual([]);
});

test('N2 what is checked is what is called: the name is resolved once, and keeps its place in the Host header', async () => {
  const receiver = await receive();
  const answers: Address[][] = [[loopback], [{ address: '127.0.0.2', family: 4 }]];
  const asked: string[] = [];
  const resolve = async (name: string) => {
    asked.push(name);
    return answers.shift()!;
  };
  expect(await send(`http://hooks.ballast.example:${receiver.port}/x`, { resolve })).toMatchObject({ status: 204 });
  expect(asked).toEqual(['hooks.ballast.example']);
  expect(receiver.received[0]!.headers.host).toBe(`hooks.ballast.example:${receiver.port}`);
});

test('N2 where private addresses are allowed a name of the hosts file is called', async () => {
  const receiver = await receive();
  expect(await send(`http://localhost:${receiver.port}/hooks`)).toEqual({ status: 204 });
});

test.each([
  ['127.0.0.1'],
  ['10.1.2.3'],
  ['169.254.169.254'],
  ['0.0.0.0'],
  ['::1'],
  ['::ffff:127.0.0.1'],
  ['fe80::1%eth0'],
  ['fd00::1'],
  ['64:ff9b::a00:1'],
  ['224.0.0.1'],
])('N2 a public name that leads to %s is not called', async (address) => {
  const receiver = await receive();
  const resolve = async () => [{ address, family: address.includes(':') ? 6 : 4 }];
  await expect(
    send(`https://hooks.ballast.example:${receiver.port}/`, { allowPrivate: false, resolve }),
  ).rejects.toThrow('hooks.ballast.example leads to a private address');
  expect(receiver.received).toEqual([]);
});

test('N2 one private address among public ones refuses the name', async () => {
  const resolve = async () => [{ address: '93.184.215.14', family: 4 }, loopback];
  await expect(send('https://hooks.ballast.example/', { allowPrivate: false, resolve })).rejects.toThrow(
    'private address',
  );
});

test('N2 an address that could not be registered today is not called either', async () => {
  const resolve = jest.fn(async () => [loopback]);
  for (const url of [
    'http://hooks.ballast.example/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://user@hooks.ballast.example/',
  ]) {
    await expect(send(url, { allowPrivate: false, resolve })).rejects.toThrow();
  }
  expect(resolve).not.toHaveBeenCalled();
});

test('N2 TLS goes by the name: it is asked for by SNI, and its certificate must be right', async () => {
  const names: string[] = [];
  const server = createTlsServer({
    SNICallback: (name, done) => (names.push(name), done(new Error('no certificate'))),
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await expect(send(`https://hooks.ballast.example:${port}/`, { resolve: async () => [loopback] })).rejects.toThrow();
  expect(names).toEqual(['hooks.ballast.example']);
  server.close();
});

test('N2 an endpoint that says nothing, or nothing more, is given up in time', async () => {
  const silent = await receive(() => undefined);
  await expect(send(silent.url, { timeoutMs: 200 })).rejects.toThrow('no answer within 0.2 s');
  const halting = await receive((response) => void response.writeHead(500).write('oops'));
  expect(await send(halting.url, { timeoutMs: 5_000 })).toEqual({ status: 500 });
  const never = () => new Promise<Address[]>(() => undefined);
  await expect(send('http://hooks.ballast.example/', { timeoutMs: 200, resolve: never })).rejects.toThrow(
    'no answer within 0.2 s',
  );
});

test('N2 the body of an answer is not read, so an endless one ends with its status', async () => {
  const endless = (status: number) =>
    receive((response) => {
      response.writeHead(status);
      const more = (): void => void (response.destroyed || response.write('x'.repeat(10_000), more));
      more();
    });
  expect(await send((await endless(500)).url)).toEqual({ status: 500 });
  expect(await send((await endless(200)).url)).toEqual({ status: 200 });
});

test('N2 no connection, a lost one and garbage are errors that say what happened', async () => {
  await expect(send('http://127.0.0.1:9/')).rejects.toThrow('ECONNREFUSED');
  const cut = await receive((response) => response.destroy());
  await expect(send(cut.url)).rejects.toThrow('socket hang up');
  const garbage = await receive((response) => void response.socket!.end('nonsense\r\n\r\n'));
  await expect(send(garbage.url)).rejects.toThrow(/Parse Error/);
});
