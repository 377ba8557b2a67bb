/** The filters above a list. They live in the URL, so that a list can be sent to somebody. */
import type { ReactNode } from 'react';
import { useSearchParams } from 'wouter';
import { text } from '../text';
import { Button } from './Button';
import { Field } from './Field';
import styles from './Filters.module.css';

/** What the URL says of these names. A value that is none is for the API to refuse. */
export function useUrlFilter<Name extends string>(names: readonly Name[]) {
  const [search, setSearch] = useSearchParams();
  const change = (edit: (search: URLSearchParams) => void): void =>
    setSearch(
      (old) => {
        edit(old);
        return old;
      },
      { replace: true },
    );
  const values = Object.fromEntries(names.map((name) => [name, search.get(name)]).filter(([, value]) => value)) as {
    [name in Name]?: string;
  };
  return {
    values,
    isFiltered: Object.keys(values).length > 0,
    set: (name: Name, value: string) => change((old) => (value === '' ? old.delete(name) : old.set(name, value))),
    clear: () => change((old) => names.forEach((name) => old.delete(name))),
  };
}
export type UrlFilter<Name extends string> = ReturnType<typeof useUrlFilter<Name>>;

export function Filters({
  filter: { isFiltered, clear },
  children,
}: {
  filter: Pick<UrlFilter<string>, 'isFiltered' | 'clear'>;
  children: ReactNode;
}) {
  return (
    <div className={styles.filters} role="search">
      {children}
      {isFiltered && (
        <Button look="quiet" onClick={clear}>
          {text.filters.clear}
        </Button>
      )}
    </div>
  );
}

type FilterProps<Name extends string> = { filter: UrlFilter<Name>; name: Name; label: string };

/** One of several values, or any. @param options the word of each value */
export function SelectFilter<Name extends string>({
  filter,
  name,
  label,
  options,
  any = text.filters.any,
}: FilterProps<Name> & { options: Readonly<Record<string, string>>; any?: string }) {
  return (
    <Field label={label}>
      <select value={filter.values[name] ?? ''} onChange={(event) => filter.set(name, event.target.value)}>
        <option value="">{any}</option>
        {Object.entries(options).map(([value, word]) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
      </select>
    </Field>
  );
}

/** What is typed, or a day. */
export function InputFilter<Name extends string>({
  filter,
  name,
  label,
  type,
}: FilterProps<Name> & { type: 'search' | 'date' }) {
  return (
    <Field label={label}>
      <input type={type} value={filter.values[name] ?? ''} onChange={(event) => filter.set(name, event.target.value)} />
    </Field>
  );
}
