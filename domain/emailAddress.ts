/**
 * Which e-mail addresses are taken: by the grammar of RFC 5321 and 5322, no narrower; whether a mailbox is there is for
 * its mail server to say. Left out on purpose: quoted local parts and address literals (`"a b"@x.example`, `a@[192.0.2.1]`),
 * which hardly any server gives to people, and letters beyond ASCII (SMTPUTF8), which many servers on the way refuse:
 * a domain with such letters is written in punycode (`xn--…`).
 */

/** All of atext may stand between the dots of the local part; a domain has labels of letters, digits and inner hyphens. */
const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const TOP_LABEL = '[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
export const EMAIL_PATTERN = `^${ATOM}(?:\\.${ATOM})*@(?:${LABEL}\\.)+${TOP_LABEL}$`;
/** RFC 5321, 4.5.3.1: the path has 256 octets with its brackets, the local part 64. */
export const EMAIL_LENGTH_MAX = 254;
const LOCAL_LENGTH_MAX = 64;

const pattern = new RegExp(EMAIL_PATTERN);

/** Null when it is taken, else what is wrong with it. */
export function emailProblem(address: string): string | null {
  if (address.length > EMAIL_LENGTH_MAX) return `must have at most ${EMAIL_LENGTH_MAX} characters`;
  if (/[^\x20-\x7e]/.test(address)) return 'must be ASCII; a domain with other letters is written as xn--…';
  if (!pattern.test(address)) return 'must be an e-mail address such as name@company.example';
  return address.indexOf('@') > LOCAL_LENGTH_MAX
    ? `must have at most ${LOCAL_LENGTH_MAX} characters before the @`
    : null;
}
