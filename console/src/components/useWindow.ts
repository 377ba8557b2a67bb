/** A window that has an address, `?window=<name>`: links, the palette and the browser's back button lead to it and away. */
import { useSearchParams } from 'wouter';

export function useWindow(name: string): { isOpen: boolean; open: () => void; close: () => void } {
  const [search, setSearch] = useSearchParams();
  const change = (edit: (search: URLSearchParams) => void) => (): void =>
    setSearch((old) => {
      edit(old);
      return old;
    });
  return {
    isOpen: search.get('window') === name,
    open: change((old) => old.set('window', name)),
    close: change((old) => old.delete('window')),
  };
}
