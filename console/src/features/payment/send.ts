/** Sends what an intent says: a payment with a saved method, or on to the provider's page. */
import { api, data } from '../../api/client';
import { isUnsettled, ProblemError } from '../../api/problem';
import { markSent, renewIntent, type Intent, type Sent } from './intent';

export type Outcome =
  | { kind: 'paid'; id: string; amount: string; balance: string }
  | { kind: 'open'; id: string; amount: string; url: string | null }
  | { kind: 'away' };

/**
 * Throws a ProblemError that is a clear no, after which the key is another; or an error after which the outcome is not
 * known, and the key stays.
 */
export async function sendPayment(accountId: string, sent: Sent): Promise<Outcome> {
  const intent = markSent(accountId, sent);
  try {
    const outcome =
      sent.methodId === null ? await toProvider(accountId, intent, sent) : await charge(accountId, intent, sent);
    // A page of the provider's may be come back from: the same key then leads to the same page.
    if (outcome.kind !== 'away') renewIntent(accountId);
    return outcome;
  } catch (error) {
    if (error instanceof ProblemError && !isUnsettled(error)) renewIntent(accountId);
    throw error;
  }
}

async function charge(accountId: string, { key }: Intent, { amount, methodId }: Sent): Promise<Outcome> {
  const answer = await data(
    api.POST('/v1/accounts/{id}/prepayments', {
      params: { path: { id: accountId }, header: { 'Idempotency-Key': key } },
      body: { amount, paymentMethodId: methodId! },
    }),
  );
  return answer.status === 'succeeded'
    ? { kind: 'paid', id: answer.id, amount: answer.amount, balance: answer.balance }
    : { kind: 'open', id: answer.id, amount: answer.amount, url: answer.url ?? null };
}

async function toProvider(accountId: string, { key }: Intent, { amount }: Sent): Promise<Outcome> {
  const page = `${window.location.origin}/pay`;
  const { url } = await data(
    api.POST('/v1/accounts/{id}/prepayments/checkout', {
      params: { path: { id: accountId }, header: { 'Idempotency-Key': key } },
      body: { amount, successUrl: `${page}?from=provider`, cancelUrl: `${page}?from=canceled` },
    }),
  );
  window.location.assign(url);
  return { kind: 'away' };
}
