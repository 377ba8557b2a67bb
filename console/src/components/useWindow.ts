/** A window that has an address, `?window=<name>`: links, the palette and the browser's back button lead to it and away. */
import { useSearchParams } from 'wouter';

/** Whichever window is open, and what it is about. @param about the parameter that says it */
export function useWindows(about: string) {
  const [search, setSearch] = useSearchParams();
  const go = (window: string | null, of: string | null): void =>
    setSearch((old) => {
      for (const [name, value] of [
        ['window', window],
        [about, of],
      ] as const)
        if (value === null) old.delete(name);
        else old.set(name, value);
      return old;
    });
  return {
    shown: search.get('window'),
    of: search.get(about),
    open: (window: string, of: string | null = null) => go(window, of),
    close: () => go(null, null),
  };
}

export function useWindow(name: string): { isOpen: boolean; open: () => void; close: () => void } {
  const { shown, open, close } = useWindows('of');
  return { isOpen: shown === name, open: () => open(name), close };
}
