/**
 * An intent that moves money has one idempotency key until there is a clear answer. It lies in localStorage with what was
 * sent under it, so that a reload of the page and a second tab use the same one: whatever they send, it is done once.
 */
import { useSyncExternalStore } from 'react';
import { newId } from '../format/newId';
import { isUnsettled, wasNotTaken } from './problem';

export type Intent<Sent> = {
  key: string;
  /** What was sent under the key, while no clear answer has come: it may be sent again, but nothing else under this key. */
  sent: Sent | null;
};

export const newKey = (): string => `console-${newId()}`;

const watchers = new Set<() => void>();
const nameOf = (name: string): string => `ballast.${name}`;
const textOf = (name: string): string | null => localStorage.getItem(nameOf(name));

/** Null: there is none. */
export function storedIntent<Open extends Intent<unknown>>(name: string): Open | null {
  const text = textOf(name);
  return text === null ? null : (JSON.parse(text) as Open);
}

/** @param intent null: there is none any more */
export function storeIntent(name: string, intent: Intent<unknown> | null): void {
  if (intent === null) localStorage.removeItem(nameOf(name));
  else localStorage.setItem(nameOf(name), JSON.stringify(intent));
  watchers.forEach((tell) => tell());
}

/** What has become of the key's intent. If another one was begun meanwhile, as by another tab, that one stays as it is. */
export function noteIntent(name: string, key: string, intent: Intent<unknown> | null): void {
  const open = storedIntent(name);
  if (open === null || open.key === key) storeIntent(name, intent);
}

/** Something of the stored intents, as all tabs see it. @param read gives a text or null, the same until it has changed */
export const useStored = <Text extends string | null>(read: () => Text): Text => useSyncExternalStore(watch, read);

function watch(tell: () => void): () => void {
  watchers.add(tell);
  window.addEventListener('storage', tell);
  return () => {
    watchers.delete(tell);
    window.removeEventListener('storage', tell);
  };
}

type Sending<Sent, Answer> = {
  name: string;
  key: string;
  sent: Sent;
  ask: () => Promise<Answer>;
  /** After a clear no: nothing was done under the key. */
  onRefused: () => void;
};

/**
 * Sends under the key, and notes before what is sent. Throws a ProblemError that is a clear no; or an error after which
 * the outcome is not known, and the intent stays. After a success the intent is the caller's to end.
 */
export async function sendUnder<Sent, Answer>({
  name,
  key,
  sent,
  ask,
  onRefused,
}: Sending<Sent, Answer>): Promise<Answer> {
  const open = storedIntent<Intent<Sent>>(name);
  const before = open?.key === key ? open : { key, sent: null };
  noteIntent(name, key, { ...before, sent });
  try {
    return await ask();
  } catch (error) {
    if (wasNotTaken(error)) noteIntent(name, key, before);
    else if (!isUnsettled(error)) onRefused();
    throw error;
  }
}

export type Kept<Sent> = {
  /** What was sent before and has no clear answer: it is sent again as it was, or given up. Null: nothing. */
  unanswered: Sent | null;
  send: <Answer>(sent: Sent, ask: (key: string) => Promise<Answer>) => Promise<Answer>;
  /** By the person's wish: what is sent next is another intent. */
  giveUp: () => void;
};

/** The intent of a window that is filled in and sent: the same content has the same key until there is a clear answer. */
export function useKept<Sent>(name: string): Kept<Sent> {
  const text = useStored(() => textOf(name));
  return {
    unanswered: text === null ? null : (JSON.parse(text) as Intent<Sent>).sent,
    send: async (sent, ask) => {
      const open = storedIntent<Intent<Sent>>(name);
      const isSame = open !== null && JSON.stringify(open.sent) === JSON.stringify(sent);
      const key = isSame ? open.key : newKey();
      // Nothing was sent under it: if it is turned away before anything is begun, that is said, and no more.
      if (!isSame) storeIntent(name, { key, sent: null });
      const end = (): void => noteIntent(name, key, null);
      const answer = await sendUnder({ name, key, sent, ask: () => ask(key), onRefused: end });
      end();
      return answer;
    },
    giveUp: () => storeIntent(name, null),
  };
}
