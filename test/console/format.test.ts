/** What the console writes by hand, so that its first page waits for no formatter of the browser's, is what those would write. */
import { join } from 'node:path';
import fc from 'fast-check';

type Format = (value: string) => string;
/** The console's packages are ES modules of its own: it is read as it stands. */
const load = <T extends object>(name: string): T =>
  jest.requireActual<T>(join(process.cwd(), 'console', 'src', 'format', name));
const { amountsIn, formatMoney, formatExact, fromNano, toNano } = load<{
  amountsIn: (sentence: string) => (string | { amount: string })[];
  formatMoney: Format;
  formatExact: Format;
  fromNano: (nano: bigint) => string;
  toNano: (amount: string) => bigint;
}>('money');
const { formatCount } = load<{ formatCount: (count: number) => string }>('number');
const { formatDate, formatMoment, formatShortDate, formatTime } =
  load<Record<'formatDate' | 'formatMoment' | 'formatShortDate' | 'formatTime', Format>>('time');

const usd = { style: 'currency', currency: 'USD' } as const;
const cents = new Intl.NumberFormat('en-US', usd);
const small = new Intl.NumberFormat('en-US', { ...usd, maximumSignificantDigits: 2 });
const exact = new Intl.NumberFormat('en-US', { ...usd, minimumFractionDigits: 2, maximumFractionDigits: 9 });
const count = new Intl.NumberFormat('en-US');
const at = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', ...options });
const day = { month: 'short', day: 'numeric' } as const;
const [date, shortDate] = [at({ ...day, year: 'numeric' }), at(day)];
const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
const ofYear = (year: { year?: 'numeric' }) => ({
  time: at({ ...day, ...year, ...clock }),
  moment: at({ ...day, ...year, ...clock, second: '2-digit' }),
});
const [thisYear, otherYear] = [ofYear({}), ofYear({ year: 'numeric' })];

const minus = (text: string): string => text.replace('-', '−');
const by = (format: Intl.NumberFormat, value: string): string =>
  minus(format.format(value as Intl.StringNumericLiteral));

test('A15 amounts in a sentence are found with every digit, and nothing of the sentence is lost', () => {
  expect(amountsIn('available is -$0.968749985 and the threshold $1,250, so $5.00.')).toEqual([
    'available is ',
    { amount: '-0.968749985' },
    ' and the threshold ',
    { amount: '1250' },
    ', so ',
    { amount: '5.00' },
    '.',
  ]);
  expect(amountsIn('no amount: $, $x, 12.50')).toEqual(['no amount: $, $x, 12.50']);
  const word = fc.constantFrom('available is', '.', ',', '$', 'PaymentIntent pi_1', '4242');
  const amount = fc.bigInt(-(10n ** 15n), 10n ** 15n).map(fromNano);
  fc.assert(
    fc.property(fc.array(fc.tuple(word, amount)), (pairs) => {
      const dollars = (text: string): string => (text.startsWith('-') ? `-$${text.slice(1)}` : `$${text}`);
      const sentence = pairs.map(([before, text]) => `${before} ${dollars(text)}`).join(' ');
      const found = amountsIn(sentence).flatMap((part) => (typeof part === 'string' ? [] : [part.amount]));
      expect(found).toEqual(pairs.map(([, text]) => text));
    }),
  );
});

test('B7 money is written to the cent, to two digits where it is less, and with every digit', () => {
  const nano = fc.oneof(fc.bigInt(-(10n ** 22n), 10n ** 22n), fc.bigInt(-20_000_000n, 20_000_000n));
  fc.assert(
    fc.property(nano, (amount) => {
      const text = fromNano(amount);
      expect(toNano(text)).toBe(amount);
      const size = amount < 0n ? -amount : amount;
      expect(formatMoney(text)).toBe(by(size > 0n && size < 5_000_000n ? small : cents, text));
      expect(formatExact(text)).toBe(by(exact, text));
    }),
  );
  expect([formatMoney('-0.00'), formatMoney('0.004999'), formatMoney('-1234567.895')]).toEqual([
    '$0.00',
    '$0.005',
    '−$1,234,567.90',
  ]);
});

test('counts have commas, days and times are UTC', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (number) => expect(formatCount(number)).toBe(minus(count.format(number)))),
  );
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }), (moment) => {
      const iso = moment.toISOString();
      expect(formatDate(iso)).toBe(date.format(moment));
      expect(formatShortDate(iso)).toBe(shortDate.format(moment));
      const format = moment.getUTCFullYear() === new Date().getUTCFullYear() ? thisYear : otherYear;
      expect(formatTime(iso)).toBe(`${format.time.format(moment)} UTC`);
      expect(formatMoment(iso)).toBe(`${format.moment.format(moment)} UTC`);
    }),
  );
});

test('C1 a time of another year says which', () => {
  const year = new Date().getUTCFullYear();
  expect(formatTime(`${year}-03-04T09:05:12Z`)).toBe('Mar 4, 09:05 UTC');
  expect(formatTime(`${year - 1}-12-31T23:59:59Z`)).toBe(`Dec 31, ${year - 1}, 23:59 UTC`);
  expect(formatMoment(`${year + 1}-01-01T00:00:00Z`)).toBe(`Jan 1, ${year + 1}, 00:00:00 UTC`);
});
