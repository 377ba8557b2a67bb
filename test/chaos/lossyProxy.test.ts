/** The proxy with which the campaign loses connections: at which moment the server has what was sent. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { startLossyProxy, type LossyProxy, type Moment } from '../../chaos/product/lossyProxy';
import { until } from '../support/notices';

let server: Server;
let proxy: LossyProxy;
let heard = '';
const sockets = new Set<Socket>();
beforeEach(async () => {
  heard = '';
  server = createServer((socket) => {
    sockets.add(socket);
    socket
      .on('error', () => undefined)
      .on('data', (data) => {
        heard += data.toString();
        socket.write(`answer to ${data.toString()}`);
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await startLossyProxy(() => (server.address() as AddressInfo).port);
});
afterEach(async () => {
  await proxy.close();
  sockets.forEach((socket) => socket.destroy());
  server.close();
});

/** Resolves with all that was answered, when the connection is lost or, without a loss, after the first answer. */
async function say(text: string): Promise<string> {
  const socket = connect(proxy.port, '127.0.0.1');
  let answer = '';
  socket
    .on('error', () => undefined)
    .on('data', (data) => {
      answer += data.toString();
      socket.end();
    });
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

test.each<[Moment, string]>([
  ['before', ''],
  ['sent', 'commit'],
  ['answered', 'commit'],
])('a connection lost %s: the client has no answer, the server has heard "%s"', async (when, has) => {
  const { met } = proxy.trap({ match: /commit/, when, lose: true });
  expect(await say('commit')).toBe('');
  await met;
  await until(
    () => heard,
    (text) => text === has,
  );
  expect(await say('again')).toBe('answer to again');
});

test('a trap that only strikes does so once, at its moment, and loses nothing', async () => {
  let struck = 0;
  proxy.trap({ match: /commit/, when: 'answered', lose: false, strike: () => struck++ });
  expect(await say('begin')).toBe('answer to begin');
  expect(struck).toBe(0);
  expect(await say('commit')).toBe('answer to commit');
  expect(await say('commit')).toBe('answer to commit');
  expect(struck).toBe(1);
});

test('a trap that is taken away strikes nobody, and what is cut is only what has said so', async () => {
  const trap = proxy.trap({ match: /commit/, when: 'before', lose: true });
  trap.remove();
  expect(await say('commit')).toBe('answer to commit');
  const listening = connect(proxy.port, '127.0.0.1');
  listening.write('listen gates');
  await once(listening, 'data');
  expect(proxy.cut(/nothing/)).toBe(0);
  expect(proxy.cut(/listen gates/)).toBe(1);
  await once(listening, 'close');
});
