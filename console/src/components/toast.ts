/**
 * News of what was done, beside the page. A success goes by itself; a failure stays until it is dismissed, as it is told
 * here only when the window or page is gone in which it would stand as a Notice.
 */
import { useSyncExternalStore } from 'react';

export type Toast = { id: number; words: string; kind: 'success' | 'failure' };
const SHOWN_MS = 6_000;
let toasts: readonly Toast[] = [];
let last = 0;
const watchers = new Set<() => void>();

function become(next: readonly Toast[]): void {
  toasts = next;
  watchers.forEach((tell) => tell());
}

/** Of a session that is over: what it began is told to nobody who comes after it. */
export type Audience = number;
let audience: Audience = 0;
/** Who is told of what begins now. */
export const audienceOfNow = (): Audience => audience;

/** Whoever was here is not any more, and nothing of theirs is told from now on. */
export function endToasts(): void {
  audience += 1;
  become([]);
}

/** @param to who is told; nobody, if they are not here any more. @default who is here now */
export function toastTo(to: Audience, words: string, kind?: Toast['kind']): void {
  if (to === audience) toast(words, kind);
}

export function toast(words: string, kind: Toast['kind'] = 'success'): void {
  const id = (last += 1);
  become([...toasts, { id, words, kind }]);
  if (kind === 'success') setTimeout(() => dismissToast(id), SHOWN_MS);
}
export const dismissToast = (id: number): void => become(toasts.filter((one) => one.id !== id));

export const useToasts = (): readonly Toast[] =>
  useSyncExternalStore(
    (tell) => {
      watchers.add(tell);
      return () => watchers.delete(tell);
    },
    () => toasts,
  );
