/** L6: whom a deployment names to be told of limit requests. */
import { readConfig } from '../../domain/config';

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
