import { isPublicAddress } from '../../domain/publicAddress';
import { WEBHOOK_RETRY_DELAYS_MS, webhookRetryDelayMs, webhookUrlProblem } from '../../domain/webhook';

test.each([
  '8.8.8.8',
  '1.1.1.1',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '223.255.255.255',
  '168.63.129.17',
  '134744072',
  '0x8.8.8.8',
  '2606:4700:4700::1111',
  '[2606:4700:4700::1111]',
  '2001:200::1',
  '2001:4860:4860:0:0:0:0:8888',
  '2A00:1450::1',
])('N2 %s is public', (address) => expect(isPublicAddress(address)).toBe(true));

test.each([
  '0.0.0.0',
  '10.0.0.1',
  '10.255.255.255',
  '100.64.0.1',
  '100.100.100.200',
  '127.0.0.1',
  '127.255.255.255',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '168.63.129.16',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  // The same in other clothes.
  '2130706433',
  '017700000001',
  '0x7f000001',
  '0x7f.1',
  '127.1',
  '0177.0.0.1',
  '127.0.0.1.',
  // IPv6: unspecified, loopback, mapped, compatible, NAT64, 6to4, Teredo, link-local, unique local, site-local, multicast, documentation, discard.
  '::',
  '::1',
  '0:0:0:0:0:0:0:1',
  '[::1]',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:8.8.8.8',
  '::127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::1',
  '2002:7f00:1::',
  '2001::1',
  '2001:0:1::',
  '2001:10::1',
  '2001:db8::1',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'fc00::1',
  'fd12:3456::1',
  'ff02::1',
  '3fff::1',
  '100::1',
  '5f00::1',
  // No addresses at all.
  '',
  'example.com',
  '8.8.8.8/8',
  '8.8.8.8@127.0.0.1',
  '8.8.8.8:80',
  '1.2.3.4.5',
  '256.1.1.1',
  '::g',
  ':::',
])('N2 "%s" is not public', (address) => expect(isPublicAddress(address)).toBe(false));

test.each([
  'https://hooks.example.com/ballast?tenant=1',
  'https://hooks.example.com:8443/',
  'https://hooks.example.com.:443/',
  'https://8.8.8.8/',
  'https://[2606:4700::1]/',
  'https://xn--bcher-kva.example/',
])('N2 %s may be registered', (url) => expect(webhookUrlProblem(url, false)).toBeNull());

test.each([
  ['http://hooks.example.com/', /https/],
  ['ftp://hooks.example.com/', /https/],
  ['hooks.example.com', /address/],
  ['https://user@hooks.example.com/', /user name/],
  ['https://user:secret@hooks.example.com/', /user name/],
  ['https://8.8.8.8@127.0.0.1/', /user name/],
  ['https://hooks.example.com/#top', /fragment/],
  ['https://hooks.example.com:22/', /port/],
  ['https://hooks.example.com:80/', /port/],
  ['https://hooks.example.com:0/', /port/],
  ['https://localhost/', /private/],
  ['https://LOCALHOST./', /private/],
  ['https://a.localhost/', /private/],
  ['https://intranet/', /private/],
  ['https://metadata.google.internal/', /private/],
  ['https://printer.local/', /private/],
  ['https://127.0.0.1/', /private/],
  ['https://2130706433/', /private/],
  ['https://0x7f.1/', /private/],
  ['https://0177.0.0.1/', /private/],
  ['https://127.0.0.1./', /private/],
  ['https://１２７.0.0.1/', /private/],
  ['https://169.254.169.254/latest/meta-data', /private/],
  ['https://[::1]/', /private/],
  ['https://[::ffff:127.0.0.1]/', /private/],
  ['https://[::ffff:a00:1]/', /private/],
  ['https://[fe80::1]/', /private/],
])('N2 %s is refused', (url, why) => expect(webhookUrlProblem(url, false)).toMatch(why));

test('N2 a deployment may allow http and private addresses, but never user names', () => {
  expect(webhookUrlProblem('http://127.0.0.1:8080/', true)).toBeNull();
  expect(webhookUrlProblem('http://localhost:22/', true)).toBeNull();
  expect(webhookUrlProblem('http://user@127.0.0.1/', true)).toMatch(/user name/);
  expect(webhookUrlProblem('gopher://127.0.0.1/', true)).toMatch(/https/);
});

test('N2 a webhook is tried ten times over three days; a test once', () => {
  expect(WEBHOOK_RETRY_DELAYS_MS.map((_, index) => webhookRetryDelayMs('refund', index + 1))).toEqual([
    ...WEBHOOK_RETRY_DELAYS_MS,
  ]);
  expect(webhookRetryDelayMs('refund', 10)).toBeNull();
  expect(webhookRetryDelayMs('test', 1)).toBeNull();
  expect(WEBHOOK_RETRY_DELAYS_MS.reduce((sum, delay) => sum + delay) / 3_600_000).toBeGreaterThan(72);
});
