import type { LineFault } from '../../api/problem';
import { Table, type Column } from '../../components/Table';
import { formatCount } from '../../format/number';
import { text } from '../../text';
import { wordFor } from '../../text/word';

const words = text.batches;
/** The API names no more of them. */
const FAULTS_MAX = 100;
type Row = LineFault & { place: number };

/** What is wrong with a file, line by line, in the API's own words. */
export function Faults({ faults }: { faults: readonly LineFault[] }) {
  return (
    <>
      <Table
        caption={words.faults}
        columns={columns}
        rows={faults.map((fault, place) => ({ ...fault, place }))}
        rowKey={({ place }) => place}
        name="faults"
      />
      {faults.length >= FAULTS_MAX && <p>{words.firstFaults(faults.length)}</p>}
    </>
  );
}

/** The line stands in a column of its own. */
const withoutLine = ({ line, message }: Row): string => message.replace(`line ${line}: `, '');

const columns: readonly Column<Row>[] = [
  {
    key: 'line',
    heading: words.faultColumns.line,
    cell: ({ line }) => (line === null ? words.wholeFile : formatCount(line)),
    csv: ({ line }) => (line === null ? '' : String(line)),
  },
  {
    key: 'code',
    heading: words.faultColumns.what,
    cell: ({ code }) => wordFor(words.codes, code),
    csv: ({ code }) => code,
  },
  { key: 'message', heading: words.faultColumns.detail, cell: withoutLine, csv: ({ message }) => message },
];
