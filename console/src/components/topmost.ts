/** The windows that are open, the newest on top: what must be seen and pressed has to stand in that one. */
import { useSyncExternalStore } from 'react';

let open: readonly HTMLDialogElement[] = [];
const listeners = new Set<() => void>();

function become(next: readonly HTMLDialogElement[]): void {
  open = next;
  for (const tell of listeners) tell();
}

/** @returns takes it off again */
export function putOnTop(dialog: HTMLDialogElement): () => void {
  become([...open, dialog]);
  return () => become(open.filter((one) => one !== dialog));
}

/** Null: no window is open. */
export const useTopmost = (): HTMLDialogElement | null =>
  useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => open.at(-1) ?? null,
  );
