/**
 * A list of the API's, page by page: it grows downwards by "Show more" and upwards by news. However long it has grown,
 * only its newest page is read again: an account under steady usage has news each second.
 */
import { hashKey, keepPreviousData, useMutation, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useState } from 'react';

/** Rows of one read of a list. */
export const LIMIT = 50;
export const pageOf = (cursor: string | null, limit = LIMIT) => ({ limit, ...(cursor !== null && { cursor }) });

export type Page<Row> = { data: Row[]; nextCursor: string | null };
export type List<Row, Read extends Page<Row> = Page<Row>> = {
  queryKey: readonly unknown[];
  /** @param cursor null: the newest page */
  read: (cursor: string | null) => Promise<Read>;
  /** The whole list as the API has it as CSV, also what is not on the screen yet. */
  readCsv?: () => Promise<Blob>;
  keyOf: (row: Row) => string | number;
  /** Read again so often, where no stream tells of it. */
  everyMs?: number;
};
type Grown<Row> = { of: string; head: Page<Row>; rows: Row[]; nextCursor: string | null };
/** One that has grown beyond it begins anew, or a page that is left open would grow for days. */
const ROWS_MAX = 5_000;

/** The rows that are known, what `Loaded` needs to show them, and how to have more. */
export function usePaged<Row, Read extends Page<Row>>({ queryKey, read, readCsv, keyOf, everyMs }: List<Row, Read>) {
  // What a filter has found stays on the screen until the next one has found something.
  const head = useQuery({
    queryKey,
    queryFn: () => read(null),
    placeholderData: keepPreviousData,
    ...(everyMs !== undefined && { refetchInterval: everyMs }),
  });
  const [grown, setGrown] = useState<Grown<Row> | null>(null);
  const of = hashKey(queryKey);
  if (head.data && !head.isPlaceholderData && (grown?.of !== of || grown.head !== head.data)) {
    const isLonger = grown?.of === of && grown.nextCursor !== grown.head.nextCursor;
    const { data: rows, nextCursor } = isLonger ? join(head.data, grown, keyOf) : head.data;
    setGrown({ of, head: head.data, rows, nextCursor });
  }
  const more = useMutation({
    mutationFn: (cursor: string) => read(cursor),
    // A list that has begun anew meanwhile goes on elsewhere.
    onSuccess: (page, cursor) =>
      setGrown((old) =>
        old?.of === of && old.nextCursor === cursor
          ? { ...old, rows: [...old.rows, ...page.data], nextCursor: page.nextCursor }
          : old,
      ),
  });
  const cursor = grown?.nextCursor ?? null;
  return {
    head,
    readCsv,
    keyOf,
    rows: grown?.rows ?? [],
    /** After a row was removed, which may be an older one. */
    restart: () => setGrown(null),
    more: cursor === null ? null : { load: () => more.mutate(cursor), isRunning: more.isPending, error: more.error },
  };
}
export type Paged<Row> = Pick<ReturnType<typeof usePaged<Row, Page<Row>>>, 'keyOf' | 'readCsv' | 'rows' | 'more'> & {
  head: Pick<UseQueryResult<Page<Row>>, 'data' | 'error' | 'refetch'>;
};

/** The newest page and the older rows that are known. If more than a page is new, a gap would lie between: the list begins anew. */
function join<Row>(head: Page<Row>, known: Grown<Row>, keyOf: List<Row>['keyOf']): Page<Row> {
  const places = new Map(known.rows.map((row, place) => [keyOf(row), place]));
  const last = head.data.findLast((row) => places.has(keyOf(row)));
  if (last === undefined || head.nextCursor === null) return head;
  const data = [...head.data, ...known.rows.slice(places.get(keyOf(last))! + 1)];
  return data.length > ROWS_MAX ? head : { data, nextCursor: known.nextCursor };
}
