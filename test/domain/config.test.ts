/** What a deployment can set: whom to tell of limit requests (L6), what owners can choose (A2), what a low balance is (S4). */
import { boundsOf, policyOf, readConfig } from '../../domain/config';

const emailsOf = (ADMIN_EMAILS?: string): string[] => readConfig({ ADMIN_EMAILS }).ADMIN_EMAILS;

test('L6 admins are named by their addresses, separated by commas, each once; none is nobody', () => {
  expect(emailsOf()).toEqual([]);
  expect(emailsOf('')).toEqual([]);
  expect(emailsOf('a@example.com')).toEqual(['a@example.com']);
  expect(emailsOf('a@example.com, b@example.com,a@example.com')).toEqual(['a@example.com', 'b@example.com']);
});

test.each(['nobody', 'a@example.com,', 'a@example.com;b@example.com', 'Ann <a@example.com>'])(
  'L6 the admins %j are refused at the start, and the variable is named',
  (given) => {
    expect(() => emailsOf(given)).toThrow(/ADMIN_EMAILS: ".*" is no e-mail address/);
  },
);

test('A2, S4 presets, ranges and the low level are the product’s, or the deployment’s', () => {
  expect(boundsOf(readConfig({}))).toEqual({
    threshold: { presets: [500, 1_000, 2_500], range: [500, 1_000_000] },
    amount: { presets: [500, 2_500, 10_000], range: [500, 250_000] },
  });
  expect(policyOf(readConfig({})).lowLevelCents).toBe(500);

  const own = readConfig({
    AUTO_RELOAD_THRESHOLDS: '100, 50',
    AUTO_RELOAD_THRESHOLD_RANGE: '10-20000',
    AUTO_RELOAD_AMOUNTS: '250.50',
    AUTO_RELOAD_AMOUNT_RANGE: '0.50-999999.99',
    LOW_BALANCE: '20',
  });
  expect(boundsOf(own)).toEqual({
    threshold: { presets: [5_000, 10_000], range: [1_000, 2_000_000] },
    amount: { presets: [25_050], range: [50, 99_999_999] },
  });
  expect(policyOf(own).lowLevelCents).toBe(2_000);
});

test.each([
  ['AUTO_RELOAD_THRESHOLD_RANGE', '10', /"10" is not a range of dollars from 0.50 to 999999.99, such as 5-10000/],
  ['AUTO_RELOAD_THRESHOLD_RANGE', '20-10', /is not a range/],
  ['AUTO_RELOAD_AMOUNT_RANGE', '0.10-10', /is not a range/],
  ['AUTO_RELOAD_AMOUNTS', '5,', /"5," is not a list of dollars/],
  ['AUTO_RELOAD_AMOUNTS', '5,2501', /2501.00 is not within AUTO_RELOAD_AMOUNT_RANGE, 5.00 to 2500.00/],
  ['AUTO_RELOAD_THRESHOLD_RANGE', '6-100', /5.00 is not within AUTO_RELOAD_THRESHOLD_RANGE, 6.00 to 100.00/],
  ['LOW_BALANCE', '1e3', /"1e3" is not dollars/],
])('A2, S4 %s=%s is refused at the start, with what it may be', (name, value, because) => {
  expect(() => readConfig({ [name]: value })).toThrow(because);
});
