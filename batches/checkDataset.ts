/** Checks an evaluation dataset while it streams: its rows are counted, and it must be the CSV or JSON lines that it says (L7). */
import { isUtf8 } from 'node:buffer';
import { LINE_BYTES_MAX } from '../domain/batch';
import { DATASET_ROWS_MAX, type DatasetFault } from '../domain/dataset';
import { parseStrictJson, repeatedName } from '../domain/strictJson';
import type { DatasetFormat } from '../ledger/datasets/dataset';
import { createCsvCounter } from './csvRows';
import { createLineSplitter, isBlank, type Line } from './lines';
import type { Checker } from './storeUpload';
import { createUtf8Check } from './utf8';

export type CheckedDataset = { kind: 'fine'; rows: number } | { kind: 'refused'; fault: DatasetFault };

export const createDatasetChecker = (format: DatasetFormat): Checker<CheckedDataset> =>
  format === 'csv' ? createCsvChecker() : createLinesChecker();

const tooManyRows: DatasetFault = {
  code: 'too_many_rows',
  because: `it has more than ${DATASET_ROWS_MAX} rows`,
  line: null,
};
const invalid = (because: string, line: number | null): DatasetFault => ({ code: 'invalid_dataset', because, line });
const refused = (fault: DatasetFault): CheckedDataset => ({ kind: 'refused', fault });
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** The first record is the header. Memory: nothing of the content, but for the first three bytes. */
function createCsvChecker(): Checker<CheckedDataset> {
  const counter = createCsvCounter();
  const utf8 = createUtf8Check();
  let isText = true;
  /** What may be a byte order mark, until it is known. */
  let start: Buffer | null = Buffer.alloc(0);

  function count(): void {
    if (start === null) return;
    counter.push(start.subarray(start.subarray(0, 3).equals(BYTE_ORDER_MARK) ? 3 : 0));
    start = null;
  }
  return {
    push(chunk) {
      isText &&= utf8.push(chunk);
      if (start === null) return counter.push(chunk);
      start = Buffer.concat([start, chunk]);
      if (start.length >= BYTE_ORDER_MARK.length) count();
    },
    get hopeless() {
      return !isText || counter.fault !== null || counter.records > DATASET_ROWS_MAX + 1;
    },
    end() {
      count();
      // First: what was not read any more would look broken off.
      if (counter.records > DATASET_ROWS_MAX + 1) return refused(tooManyRows);
      counter.end();
      if (!isText || !utf8.end()) return refused(invalid('it is not UTF-8', null));
      if (counter.fault) return refused(invalid(counter.fault.because, counter.fault.line));
      if (counter.records === 0) return refused(invalid('it is empty', null));
      const rows = counter.records - 1;
      return rows > DATASET_ROWS_MAX ? refused(tooManyRows) : { kind: 'fine', rows };
    },
  };
}

/** Each line that is not blank is a row. Memory: one line. */
function createLinesChecker(): Checker<CheckedDataset> {
  const lines = createLineSplitter();
  let rows = 0;
  let fault: DatasetFault | null = null;

  function check({ number, bytes }: Line): void {
    if (fault !== null || (bytes !== null && isBlank(bytes))) return;
    rows += 1;
    if (rows > DATASET_ROWS_MAX) fault = tooManyRows;
    else {
      const because = faultOf(bytes);
      if (because !== null) fault = invalid(because, number);
    }
  }
  return {
    push(chunk) {
      for (const line of lines.push(chunk)) {
        check(line);
        if (fault !== null) return;
      }
    },
    get hopeless() {
      return fault !== null;
    },
    end() {
      if (fault === null) for (const line of lines.end()) check(line);
      if (fault !== null) return refused(fault);
      return rows === 0 ? refused(invalid('it is empty', null)) : { kind: 'fine', rows };
    },
  };
}

function faultOf(bytes: Buffer | null): string | null {
  if (bytes === null) return `the line is longer than ${LINE_BYTES_MAX} bytes`;
  if (!isUtf8(bytes)) return 'the line is not UTF-8';
  const parsed = parseStrictJson(bytes.toString('utf8'));
  if (parsed.kind === 'malformed') return 'the line is not JSON';
  if (parsed.kind === 'repeated_name') return `the line has ${repeatedName(parsed.name)}`;
  const { value } = parsed;
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? null : 'the line is no JSON object';
}
