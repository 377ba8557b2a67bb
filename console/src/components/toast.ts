/** Short news that go by themselves: what was done. What must be read stays in the page as a Notice. */
import { useSyncExternalStore } from 'react';

export type Toast = { id: number; words: string };
const SHOWN_MS = 6_000;
let toasts: readonly Toast[] = [];
let last = 0;
const watchers = new Set<() => void>();

function become(next: readonly Toast[]): void {
  toasts = next;
  watchers.forEach((tell) => tell());
}

export function toast(words: string): void {
  const id = (last += 1);
  become([...toasts, { id, words }]);
  setTimeout(() => dismissToast(id), SHOWN_MS);
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
