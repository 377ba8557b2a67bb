/**
 * An intent to pay has one idempotency key, from the opening of the form to a clear answer. It lies in localStorage, so
 * that a reload of the page and a second tab use the same one: whatever they send, it is one charge.
 */
import { useSyncExternalStore } from 'react';
import { newId } from '../../format/newId';

export type Sent = { amount: string; methodId: string | null };
export type Intent = {
  key: string;
  /** What was sent under the key, while no clear answer has come: it may be sent again, but nothing else under this key. */
  sent: Sent | null;
  /** The prepayment that is paid on the provider's page, once that page is known. */
  away?: string | null;
};

const watchers = new Set<() => void>();
const nameOf = (accountId: string): string => `ballast.payment.${accountId}`;

function write(accountId: string, intent: Intent): Intent {
  localStorage.setItem(nameOf(accountId), JSON.stringify(intent));
  watchers.forEach((tell) => tell());
  return intent;
}

const begin = (accountId: string): Intent => write(accountId, { key: `console-${newId()}`, sent: null });

const stored = (accountId: string): string => localStorage.getItem(nameOf(accountId)) ?? '';

/** The intent that is open, else a new one. */
export function readIntent(accountId: string): Intent {
  const text = stored(accountId);
  return text === '' ? begin(accountId) : (JSON.parse(text) as Intent);
}

/** What has become of the key's intent. If another tab has begun another one meanwhile, that one stays as it is. */
export function noteIntent(accountId: string, intent: Intent): void {
  if (readIntent(accountId).key === intent.key) write(accountId, intent);
}

/**
 * After a clear answer under this key, or by the owner's wish: what is sent next is another payment.
 * If another tab has renewed it before, its intent is the one that goes on.
 */
export function renewIntent(accountId: string, key: string): Intent {
  const open = readIntent(accountId);
  return open.key === key ? begin(accountId) : open;
}

/** The open intent, as all tabs see it. */
export function useIntent(accountId: string): Intent {
  const text = useSyncExternalStore(watch, () => stored(accountId) || JSON.stringify(readIntent(accountId)));
  return JSON.parse(text) as Intent;
}

function watch(tell: () => void): () => void {
  watchers.add(tell);
  window.addEventListener('storage', tell);
  return () => {
    watchers.delete(tell);
    window.removeEventListener('storage', tell);
  };
}
