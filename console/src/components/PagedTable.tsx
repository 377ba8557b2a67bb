/** A table of a list that comes page by page: loading, failed, empty, or its rows and a way to more of them. */
import type { ReactNode } from 'react';
import type { Paged } from '../api/paged';
import { Loaded } from './States';
import { Table, type Column } from './Table';

type Props<Row> = {
  list: Paged<Row>;
  caption: string;
  columns: readonly Column<Row>[];
  /** Shown when there is no row: why, and one action. */
  empty: ReactNode;
  /** @see Table */
  name: string;
  fileName?: string;
  /** How many lines of room are taken while it loads. @default 3 */
  lines?: number;
};

export function PagedTable<Row>({ list: { head, readCsv, rows, keyOf, more }, empty, lines, ...table }: Props<Row>) {
  return (
    <Loaded query={head} {...(lines !== undefined && { lines })}>
      {() =>
        rows.length === 0 ? empty : <Table {...table} rows={rows} rowKey={keyOf} readCsv={readCsv} more={more} />
      }
    </Loaded>
  );
}
