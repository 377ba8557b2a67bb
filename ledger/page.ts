/** Pages of lists, newest first: a page begins after the key of the last row of the one before. */

export type PageRequest = {
  /** 1 to 200. */
  limit: number;
  /** The key of the last row already seen; null for the first page. */
  after: string | null;
};
export type Page<T> = { data: T[]; next: string | null };

/** Queries read `limit + 1` rows: the one too many tells that there is a next page. */
export function toPage<Row, T>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => string,
  map: (row: Row) => T,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { data: shown.map(map), next: rows.length > limit && last !== undefined ? keyOf(last) : null };
}
