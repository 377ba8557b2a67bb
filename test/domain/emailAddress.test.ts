import { emailProblem } from '../../domain/emailAddress';
import { email } from '../../api/http/schemas';

const label = (length: number) => 'd'.repeat(length);

test.each([
  'a@b.example',
  'o/reilly@company.example',
  "o'neill@company.example",
  "!#$%&'*+/=?^_`{|}~-@company.example",
  'first.last+tag@sub.company.example',
  'name@xn--80ak6aa92e.xn--p1ai',
  'name@company.travelersinsurance',
  '1@1.example',
  `${'l'.repeat(64)}@${label(63)}.${label(63)}.${label(58)}.ex`,
])('%s is taken', (address) => {
  expect(emailProblem(address)).toBeNull();
  expect(email.safeParse(address).success).toBe(true);
});

test.each([
  ['', 'nothing'],
  ['name', 'no domain'],
  ['name@', 'no domain'],
  ['@company.example', 'no local part'],
  ['a@b@company.example', 'two at signs'],
  ['.a@company.example', 'a dot at the start'],
  ['a.@company.example', 'a dot at the end'],
  ['a..b@company.example', 'two dots'],
  ['a b@company.example', 'a space'],
  ['a@company', 'no top-level domain'],
  ['a@-company.example', 'a hyphen at the start of a label'],
  ['a@company-.example', 'a hyphen at the end of a label'],
  ['a@1.2.3.4', 'an address of a machine'],
  ['a@[192.0.2.1]', 'an address literal'],
  ['"a b"@company.example', 'a quoted local part'],
  ['a@b.example\r\nBcc: c@d.example', 'a second header'],
  ['a@b.example\n', 'a line break'],
  ['a@b.example,c@d.example', 'two addresses'],
  ['Name <a@b.example>', 'a name'],
  ['a@b.example ', 'a space behind'],
  ['jörg@company.example', 'a letter beyond ASCII before the @'],
  ['name@bücher.example', 'a letter beyond ASCII behind the @'],
  ['a\u0000@b.example', 'a NUL'],
  [`${'l'.repeat(65)}@company.example`, 'a local part of 65'],
  [`a@${label(64)}.example`, 'a label of 64'],
  [`${'l'.repeat(64)}@${label(63)}.${label(63)}.${label(59)}.ex`, 'an address of 255'],
])('%j is refused: %s', (address) => {
  expect(emailProblem(address)).toMatch(/^must /);
  expect(email.safeParse(address).success).toBe(false);
});

test('a long text that is nearly an address is refused at once', () => {
  const started = performance.now();
  expect(emailProblem(`${'a.'.repeat(50_000)}@`)).not.toBeNull();
  expect(emailProblem(`a@${'a-'.repeat(120)}`)).not.toBeNull();
  expect(performance.now() - started).toBeLessThan(500);
});
