import { lookup } from 'node:dns/promises';
import { createWebhookSender } from '../../notices/webhookSender';
import { checkedAddresses, createDnsResolve } from '../../notices/webhookTarget';
import { startNameServer, type NameAnswer, type NameServer } from '../support/nameServer';
import { until } from '../support/notices';

const open: NameServer[] = [];
const listen = async (...answer: Parameters<typeof startNameServer>) => {
  const server = await startNameServer(...answer);
  open.push(server);
  return server;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const never = new AbortController().signal;
const url = new URL('https://hooks.ballast.example/');
const checked = async (answers: { A: NameAnswer; AAAA: NameAnswer }) => {
  const server = await listen(({ type }) => answers[type]);
  return checkedAddresses(url, createDnsResolve([server.address]), false, never);
};

test('N2 names whose servers never answer keep no thread: other names are resolved meanwhile, and asking ends with the try', async () => {
  const silent = await listen();
  const resolve = createDnsResolve([silent.address]);
  const tries = Array.from({ length: 20 }, () => new AbortController());
  const all = tries.map(({ signal }, n) => resolve(`n${n}.ballast.example`, signal));
  const ends = Promise.allSettled(all);
  const names = () => new Set(silent.asked.map(({ name, type }) => `${type} ${name}`));
  await until(names, ({ size }) => size === 40);
  expect(await lookup('localhost')).toMatchObject({ address: expect.any(String) });
  tries.forEach((one) => one.abort());
  expect((await ends).map(({ status }) => status)).toEqual(Array(20).fill('rejected'));
  await expect(all[0]).rejects.toThrow('n0.ballast.example can not be resolved (ECANCELLED)');
});

test('N2 by default a name of an owner is not asked of the system, which has few threads', async () => {
  const sending = createWebhookSender({ allowPrivate: false, timeoutMs: 300 })({
    messageId: 'msg-1',
    url: 'https://hooks.ballast.example/',
    secrets: [],
    payload: { type: 'test', timestamp: '2026-11-21T10:00:00.000Z', data: { accountId: 'acme' } },
  });
  const ended = expect(sending).rejects.toThrow();
  expect(process.getActiveResourcesInfo()).not.toContain('GetAddrInfoReqWrap');
  await ended;
});

test('N2 a name has its addresses of both families', async () => {
  expect(await checked({ A: ['93.184.215.14', '8.8.8.8'], AAAA: ['2606:4700::1'] })).toEqual([
    { address: '93.184.215.14', family: 4 },
    { address: '8.8.8.8', family: 4 },
    { address: '2606:4700::1', family: 6 },
  ]);
});

test.each<[string, { A: NameAnswer; AAAA: NameAnswer }]>([
  ['of IPv4', { A: ['93.184.215.14', '10.1.2.3'], AAAA: [] }],
  ['of IPv6', { A: ['93.184.215.14'], AAAA: ['2606:4700::1', 'fd00::1'] }],
  ['that is IPv4 in IPv6', { A: ['93.184.215.14'], AAAA: ['::ffff:7f00:1'] }],
])('N2 one private answer %s refuses the name', async (_, answers) => {
  await expect(checked(answers)).rejects.toThrow('hooks.ballast.example leads to a private address');
});

test.each<[string, { A: NameAnswer; AAAA: NameAnswer }, string]>([
  ['has none', { A: ['93.184.215.14'], AAAA: [] }, '93.184.215.14'],
  ['is not answered', { A: ['93.184.215.14'], AAAA: null }, '93.184.215.14'],
  ['has none, of IPv6,', { A: 'nobody', AAAA: ['2606:4700::1'] }, '2606:4700::1'],
])(
  'N2 one family that %s does not keep the other from being called',
  async (_, answers, address) => {
    expect(await checked(answers)).toMatchObject([{ address }]);
  },
  30_000,
);

test('N2 a name that nobody has is an error that says so', async () => {
  await expect(checked({ A: 'nobody', AAAA: 'nobody' })).rejects.toThrow(
    'hooks.ballast.example can not be resolved (ENOTFOUND)',
  );
});

test('N2 an address is asked of nobody', async () => {
  const resolve = () => Promise.reject(new Error('asked'));
  expect(await checkedAddresses(new URL('https://8.8.8.8/'), resolve, false, never)).toEqual([
    { address: '8.8.8.8', family: 4 },
  ]);
  expect(await checkedAddresses(new URL('https://[2606:4700::1]/'), resolve, false, never)).toEqual([
    { address: '2606:4700::1', family: 6 },
  ]);
});
