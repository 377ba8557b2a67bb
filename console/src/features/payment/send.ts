/** Sends what an intent says: a payment with a saved method, or the wish for the provider's page. */
import { api, data } from '../../api/client';
import { sendUnder } from '../../api/intent';
import { intentName, noteIntent, renewIntent, type Sent } from './intent';

export type Outcome =
  | { kind: 'paid'; id: string; balance: string }
  | { kind: 'open'; id: string; url: string | null }
  /** It is paid on the provider's page. */
  | { kind: 'away'; url: string };

/**
 * Sends under the key that the form was opened with, whatever other tabs have begun meanwhile.
 * Throws a ProblemError that is a clear no, after which the key is another; or an error after which the outcome is not
 * known, and the key stays.
 */
export const sendPayment = (accountId: string, key: string, sent: Sent): Promise<Outcome> =>
  sendUnder({
    name: intentName(accountId),
    key,
    sent,
    ask: async () => {
      if (sent.methodId === null) return toProvider(accountId, key, sent);
      const outcome = await charge(accountId, key, { amount: sent.amount, paymentMethodId: sent.methodId });
      renewIntent(accountId, key);
      return outcome;
    },
    onRefused: () => renewIntent(accountId, key),
  });

type Charge = { amount: string; paymentMethodId: string };

async function charge(accountId: string, key: string, body: Charge): Promise<Outcome> {
  const answer = await data(
    api.POST('/v1/accounts/{id}/prepayments', {
      params: { path: { id: accountId }, header: { 'Idempotency-Key': key } },
      body,
    }),
  );
  return answer.status === 'succeeded'
    ? { kind: 'paid', id: answer.id, balance: answer.balance }
    : { kind: 'open', id: answer.id, url: answer.url ?? null };
}

/** The provider's page may be come back from: the same key then leads to the same page. */
async function toProvider(accountId: string, key: string, sent: Sent): Promise<Outcome> {
  const page = `${window.location.origin}/pay`;
  const { id, url } = await data(
    api.POST('/v1/accounts/{id}/prepayments/checkout', {
      params: { path: { id: accountId }, header: { 'Idempotency-Key': key } },
      body: { amount: sent.amount, successUrl: `${page}?from=provider`, cancelUrl: `${page}?from=canceled` },
    }),
  );
  noteIntent(accountId, { key, sent, away: id });
  return { kind: 'away', url };
}
