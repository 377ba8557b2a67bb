/** Counts the records of a CSV file as its bytes come, by RFC 4180: a line break within quotes ends no record. */

const QUOTE = 0x22;
const COMMA = 0x2c;
const CR = 0x0d;
const LF = 0x0a;
/** By byte: 1 for those that may end a field or a line. */
const ENDS = Uint8Array.from({ length: 256 }, (_, byte) => Number([QUOTE, COMMA, CR, LF].includes(byte)));

/** `after`: a quote has come within quotes; it ends the field, or is the first of two that mean one. */
type State = 'record' | 'field' | 'plain' | 'quoted' | 'after';

export type CsvCounter = {
  push(chunk: Buffer): void;
  end(): void;
  /** Records that have ended, the header among them. Blank lines are none. */
  readonly records: number;
  /** What is wrong, in which line from 1; null while nothing is. Then the rest is not looked at. */
  readonly fault: { because: string; line: number } | null;
};

/** Keeps nothing of what it reads. Records end at LF, CRLF or CR, as most readers have it. */
export function createCsvCounter(): CsvCounter {
  let state: State = 'record';
  let records = 0;
  let line = 1;
  let wasCr = false;
  let fault: CsvCounter['fault'] = null;

  const refuse = (because: string): void => void (fault = { because, line });

  function endLine(byte: number): void {
    if (byte === LF && wasCr) return;
    line += 1;
    if (state === 'quoted') return;
    if (state !== 'record') records += 1;
    state = 'record';
  }

  function take(byte: number): void {
    if (byte === LF || byte === CR) endLine(byte);
    else if (state === 'quoted') state = byte === QUOTE ? 'after' : 'quoted';
    else if (byte === COMMA) state = 'field';
    else if (state === 'after') {
      if (byte === QUOTE) state = 'quoted';
      else refuse('something stands between the closing quote of a field and its end');
    } else if (byte !== QUOTE) state = 'plain';
    else if (state === 'plain') refuse('a quote stands within a field that does not begin with one');
    else state = 'quoted';
    wasCr = byte === CR;
  }

  return {
    push(chunk) {
      for (let at = 0; at < chunk.length && fault === null; at++) {
        take(chunk[at]!);
        // The rest of a field goes by at several times the speed.
        if (state === 'plain' || state === 'quoted') while (ENDS[chunk[at + 1]!] === 0) at += 1;
      }
    },
    end() {
      if (fault !== null) return;
      if (state === 'quoted') return refuse('the file ends within quotes');
      if (state !== 'record') records += 1;
    },
    get records() {
      return records;
    },
    get fault() {
      return fault;
    },
  };
}
