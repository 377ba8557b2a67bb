/** A table: sorted by a click on a heading, kept in the URL, saved as CSV. On a narrow screen each row is a small card. */
import { ArrowDown, ArrowUp } from 'lucide-react';
import type { ReactNode } from 'react';
import { useSearchParams } from 'wouter';
import { toCsv } from '../format/csv';
import { formatCount } from '../format/number';
import { text } from '../text';
import { Button } from './Button';
import { CsvButton } from './CsvButton';
import { Notice } from './Notice';
import styles from './Table.module.css';

export type Column<Row> = {
  key: string;
  heading: string;
  /** Left out: the column is only in the CSV. */
  cell?: (row: Row) => ReactNode;
  /** The exact value for CSV; left out: the column is not in it. Only where the API has no CSV of the list. */
  csv?: (row: Row) => string;
  /** Sorts by this; left out: the column does not sort. bigint for money. */
  order?: (row: Row) => string | number | bigint;
  isNumber?: boolean;
};

type Props<Row> = {
  caption: string;
  /** What the address calls it, `?sort.<name>=amount:desc`: on each page another one. */
  name: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string | number;
  /** What its CSV is called, without `.csv`. @default the name */
  fileName?: string;
  /** Its CSV as the API has it. Left out: of the rows on the screen, if any column has something for it. */
  readCsv?: (() => Promise<Blob>) | undefined;
  /** Loads more; null when there is no more. */
  more?: { load: () => void; isRunning: boolean; error: Error | null } | null;
};

export function Table<Row>({
  caption,
  name,
  columns,
  rows,
  rowKey,
  fileName = name,
  readCsv,
  more = null,
}: Props<Row>) {
  const [search, setSearch] = useSearchParams();
  const parameter = `sort.${name}`;
  const [sortKey, direction] = (search.get(parameter) ?? '').split(':');
  const sortBy = columns.find(({ key, order }) => key === sortKey && order)?.order;
  const shown = columns.filter(({ cell }) => cell);
  const sorted = sortBy ? sortRows(rows, sortBy, direction === 'desc') : rows;
  const saved = readCsv ?? (columns.some(({ csv }) => csv) ? () => csvOf(columns, sorted) : undefined);
  const sortOn = (key: string): void => {
    const next = key !== sortKey ? `${key}:asc` : direction === 'asc' ? `${key}:desc` : null;
    setSearch(
      (old) => {
        if (next === null) old.delete(parameter);
        else old.set(parameter, next);
        return old;
      },
      { replace: true },
    );
  };

  return (
    <div className={styles.box}>
      <table className={styles.table}>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {shown.map(({ key, heading, order, isNumber }) => (
              <th
                key={key}
                scope="col"
                className={isNumber ? styles.number : undefined}
                aria-sort={key === sortKey && order ? (direction === 'desc' ? 'descending' : 'ascending') : undefined}
              >
                {order ? (
                  <button type="button" className={styles.sort} onClick={() => sortOn(key)}>
                    {heading}
                    {key === sortKey && (direction === 'desc' ? <ArrowDown size={13} /> : <ArrowUp size={13} />)}
                  </button>
                ) : (
                  heading
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => (
            <tr key={rowKey(row)}>
              {shown.map(({ key, heading, cell, isNumber }) => {
                const content = cell!(row);
                return (
                  <td
                    key={key}
                    data-heading={heading}
                    data-nothing={content === '–' ? '' : undefined}
                    className={isNumber ? styles.number : undefined}
                  >
                    {content}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {more && sortBy && <p className={styles.among}>{text.table.sortedAmong(formatCount(rows.length))}</p>}
      {more?.error && <Notice tone="bad">{text.table.moreFailed}</Notice>}
      {(saved || more) && (
        <div className={styles.foot}>
          {more && (
            <Button onClick={more.load} isRunning={more.isRunning}>
              {text.table.more}
            </Button>
          )}
          {saved && (
            <span className={styles.csv}>
              <CsvButton fileName={fileName} read={saved} />
            </span>
          )}
        </div>
      )}
    </div>
  );
}

function sortRows<Row>(
  rows: readonly Row[],
  order: NonNullable<Column<Row>['order']>,
  isDescending: boolean,
): readonly Row[] {
  const sign = isDescending ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [x, y] = [order(a), order(b)];
    return x < y ? -sign : x > y ? sign : 0;
  });
}

function csvOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): Promise<Blob> {
  const saved = columns.filter(({ csv }) => csv);
  const lines = [saved.map(({ key }) => key), ...rows.map((row) => saved.map(({ csv }) => csv!(row)))];
  return Promise.resolve(new Blob([toCsv(lines)], { type: 'text/csv' }));
}
