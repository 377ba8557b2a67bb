/** What the overview says is wrong, and the next step (A16, A17). */
import { join } from 'node:path';

type Sentence = { tone: string; what: string; next?: string };
const { sentenceOf } = jest.requireActual<{ sentenceOf: (account: object, known: object) => Sentence }>(
  join(process.cwd(), 'console', 'src', 'pages', 'overview', 'sentence'),
);

const said = (state: string, status: string, details: object | undefined): Sentence =>
  sentenceOf(
    { gate: { state, reasons: state === 'suspended' ? ['balance_exhausted'] : [] }, autoReload: { status } },
    { details, declined: null, byBackup: null, isNew: false },
  );
const USED_UP = 'The balance is used up and access is suspended.';

test.each([
  ['monthly_limit', 'the monthly limit is reached.', 'raiseOrPay'],
  ['breaker', 'there were too many reloads within an hour. It goes on by itself.', 'pay'],
  ['pending_payment', 'an earlier payment is still pending at the bank.', 'pay'],
])('A17 an account whose balance is used up is told that %s holds reloads back', (blockedBy, why, next) => {
  const what = `${USED_UP} Auto-reload is on but not charging: ${why}`;
  expect(said('suspended', 'on', { blockedBy, reload: null })).toEqual({ tone: 'bad', what, next });
});

test('A17 where nothing holds a reload back, none is said to', () => {
  const plain = { tone: 'bad', what: USED_UP, next: 'pay' };
  expect(said('suspended', 'on', undefined)).toEqual(plain);
  expect(said('suspended', 'on', { blockedBy: null, reload: null })).toEqual(plain);
  expect(said('suspended', 'on', { blockedBy: 'suspended', reload: null })).toEqual(plain);
  // What held it back before it was paused or turned off does so no more.
  expect(said('suspended', 'paused', { blockedBy: 'monthly_limit', reload: null })).toEqual(plain);
});
