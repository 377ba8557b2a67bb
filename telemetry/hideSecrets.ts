/** Keeps secrets out of what is written: whoever logs leaves them out, and what an error brings along is hidden here. */

/** Keys of ours and of Stripe, what signs webhooks, and what a browser confirms a payment with. */
const KEYS = /\b(bk_[\w-]{20,}|(?:sk|rk)_(?:live|test)_\w{8,}|whsec_[\w+/=]{8,}|(pi|seti|cs)_\w+_secret_\w+)/g;
/** The password of an address such as Postgres's or a mail server's. No scheme is longer: without a bound, a long text would be read again from each of its words. */
const PASSWORDS = /(\b[a-z][a-z+]{0,19}:\/\/[^\s:@/"]*:)[^\s@/"]+@/g;
const BEARER = /\b(Bearer |Basic )[\w.~+/=-]{8,}/g;

/** A shorter text would hide parts of words. */
const SECRET_LENGTH_MIN = 8;
const HIDDEN = '…';

/** @param secrets the process's own, which look like nothing in particular @returns hides them, and whatever looks like one */
export function hiding(secrets: readonly (string | undefined)[]): (text: string) => string {
  // As JSON writes them.
  const own = secrets.flatMap((secret) =>
    secret !== undefined && secret.length >= SECRET_LENGTH_MIN ? [JSON.stringify(secret).slice(1, -1)] : [],
  );
  return (text) =>
    own
      .reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), text)
      .replace(PASSWORDS, `$1${HIDDEN}@`)
      .replace(BEARER, `$1${HIDDEN}`)
      .replace(KEYS, HIDDEN);
}
