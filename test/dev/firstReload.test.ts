/** `npm start` from nothing to the first reload: what `.ci/run` does on the newest Node too. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../support/notices';
import { startOtlpReceiver, type OtlpReceiver } from '../support/otlpReceiver';
import { NpmStart } from '../support/npmStart';

let dataDir: string;
let ballast: NpmStart;
let traces: OtlpReceiver;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'ballast-first-'));
  traces = await startOtlpReceiver();
  ballast = await NpmStart.start(dataDir, {
    OTEL_EXPORTER_OTLP_ENDPOINT: traces.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '100',
  });
});
afterAll(async () => {
  await ballast?.stop();
  await traces.close();
  rmSync(dataDir, { recursive: true, force: true });
});

test('C2 it prints a link by which the admin signs in, once', async () => {
  const [, token] = /\/#sign-in=(\S+)/.exec(ballast.lines.find((line) => line.includes('Console, admin'))!)!;
  const first = await ballast.ask('POST', '/v1/session', { token });
  expect(first).toMatchObject({ status: 200, body: { role: 'admin' } });
  expect((await ballast.ask('POST', '/v1/session', { token })).status).toBe(401);
});

test(`O1 it comes up, takes a prepayment and reloads by itself (Node ${process.versions.node.split('.')[0]})`, async () => {
  const owner = await ballast.account('first');
  const path = '/v1/accounts/first';
  const prepaid = await ballast.ask('POST', `${path}/prepayments`, { amount: '20.00' }, owner, {
    'Idempotency-Key': 'first',
  });
  expect(prepaid).toMatchObject({ status: 201, body: { status: 'succeeded' } });
  const settings = { threshold: '10.00', amount: '25.00', acceptTerms: true };
  expect((await ballast.ask('PUT', `${path}/auto-reload`, settings, owner)).status).toBe(200);
  await ballast.ask('PUT', '/v1/models/m', {
    provider: 'T',
    license: 'open',
    input: ['text'],
    output: 'text',
    batch: false,
    prices: [{ from: '2020-01-01T00:00:00Z', inputPerMillion: '1', outputPerMillion: '1' }],
  });
  const { key } = (await ballast.ask('POST', '/v1/keys', { role: 'service', name: 's' })).body;
  const events = [{ id: 'e', accountId: 'first', model: 'm', inputTokens: 12_000_000 }];
  expect((await ballast.ask('POST', '/v1/usage', { events }, key)).body).toMatchObject({ accepted: 1 });
  const account = await until(
    async () => (await ballast.ask('GET', path)).body,
    ({ balance }) => balance === '33.00',
  );
  expect(account).toMatchObject({ gate: { state: 'ok' } });
});

test('13.6 one trace leads from the request of a prepayment to Stripe, and one from the usage to the charge of its reload', async () => {
  const whole = (paths: string[][]): boolean => paths.length >= 2 && paths.every(([root]) => root !== '(not here yet)');
  const paths = await until(() => traces.pathsTo('stripe confirmIntent'), whole);
  expect(paths).toContainEqual([
    'api: POST /v1/accounts/:id/prepayments',
    'api: temporal start prepayment',
    'worker: workflow prepayment start',
    'worker: activity chargePrepayment',
    'worker: stripe confirmIntent',
  ]);
  expect(paths).toContainEqual([
    'api: POST /v1/usage',
    'api: usage commit',
    'api: temporal signal usage',
    'worker: workflow balance usage',
    'worker: activity chargeReload',
    'worker: stripe confirmIntent',
  ]);
  const asked = traces.spans.filter(({ name }) => name.startsWith('ledger '));
  expect(new Set(asked.map(({ service }) => service))).toEqual(new Set(['ballast-api', 'ballast-worker']));
  // What is asked of Postgres belongs to something, and says nothing of whose it is.
  expect(asked.filter(({ parentSpanId }) => !parentSpanId)).toEqual([]);
  expect(JSON.stringify(asked.map(({ name, attributes }) => [name, attributes]))).not.toContain('first');
});
