/** Every request that we send is one that Stripe's own mock takes: it knows all parameters, and refuses others. */
import type Stripe from 'stripe';
import { startStripeMock, type StripeMock } from '../../dev/stripeMock';
import { createStripe } from '../../stripe/client';
import { methodsInUse, REQUESTS } from './requests';

let mock: StripeMock;
let stripe: Stripe;
const answers: string[] = [];
beforeAll(async () => {
  mock = await startStripeMock({ log: (line) => void process.stderr.write(`${line}\n`) });
  stripe = createStripe({ secretKey: 'sk_test_contract', apiBase: mock.url });
  stripe.on(
    'response',
    ({ method, path, status }: Stripe.ResponseEvent) => void answers.push(`${status} ${method} ${path}`),
  );
}, 11 * 60_000);
afterAll(() => mock?.stop());

const ids = { customerId: 'cus_123', paymentIntentId: 'pi_123', methodId: 'pm_123', sessionId: 'cs_123' };

test('the list of requests is what payments/ sends', () => {
  expect(Object.keys(REQUESTS).sort()).toEqual(methodsInUse());
});

test.each(Object.keys(REQUESTS))('P1 Stripe takes what %s sends', async (method) => {
  answers.length = 0;
  const work = REQUESTS[method]!(stripe, ids);
  const outcomes = await Promise.allSettled(work);
  expect(answers.length).toBeGreaterThanOrEqual(work.length);
  expect(answers.filter((answer) => !answer.startsWith('200 '))).toEqual([]);
  expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
});

test('the mock can refuse: a parameter that Stripe does not know is a 400', async () => {
  await expect(
    stripe.paymentIntents.create({ amount: 500, currency: 'usd', ...{ no_such_parameter: '1' } }),
  ).rejects.toMatchObject({ statusCode: 400 });
});
