/** A line of the palette. */
export type Entry = {
  id: string;
  label: string;
  note?: string;
  /** Other words by which it is found. */
  also?: string;
  run: () => void;
};

export const partsOf = (query: string): string[] =>
  query
    .toLowerCase()
    .split(/\s+/)
    .filter((part) => part !== '');

/** Whether each part of what is typed is somewhere in it. */
export const fits = (query: string) => {
  const parts = partsOf(query);
  return ({ label, note = '', also = '' }: Omit<Entry, 'run'>): boolean => {
    const all = `${label} ${note} ${also}`.toLowerCase();
    return parts.every((part) => all.includes(part));
  };
};
