/** An intent to pay: its key is made when the form opens, so that the same form in two tabs is one charge. */
import { newKey, noteIntent as noteStored, storedIntent, storeIntent, useStored } from '../../api/intent';
import type { Intent as KeyedIntent } from '../../api/intent';

export type Sent = { amount: string; methodId: string | null };
export type Intent = KeyedIntent<Sent> & {
  /** The prepayment that is paid on the provider's page, once that page is known. */
  away?: string | null;
};

export const intentName = (accountId: string): string => `payment.${accountId}`;

/** The intent that is open, else a new one. */
export function readIntent(accountId: string): Intent {
  return storedIntent<Intent>(intentName(accountId)) ?? begin(accountId);
}

function begin(accountId: string): Intent {
  const begun = { key: newKey(), sent: null };
  storeIntent(intentName(accountId), begun);
  return begun;
}

/** What has become of the key's intent. If another tab has begun another one meanwhile, that one stays as it is. */
export const noteIntent = (accountId: string, intent: Intent): void =>
  noteStored(intentName(accountId), intent.key, intent);

/** One that was left goes to its page again: back from there, it is the one that is followed. */
export const noteAway = (accountId: string, prepaymentId: string): void =>
  noteIntent(accountId, { ...readIntent(accountId), away: prepaymentId });

/**
 * After a clear answer under this key, or by the owner's wish: what is sent next is another payment.
 * If another tab has renewed it before, its intent is the one that goes on.
 */
export function renewIntent(accountId: string, key: string): Intent {
  const open = readIntent(accountId);
  return open.key === key ? begin(accountId) : open;
}

/** The open intent, as all tabs see it. */
export const useIntent = (accountId: string): Intent =>
  JSON.parse(useStored(() => JSON.stringify(readIntent(accountId)))) as Intent;
