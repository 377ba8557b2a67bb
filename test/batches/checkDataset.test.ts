/** L7: rows of datasets are counted as RFC 4180 and JSON lines have them, however the bytes are cut. */
import { createDatasetChecker, type CheckedDataset } from '../../batches/checkDataset';

/** In pieces of so many bytes. */
function check(format: 'csv' | 'jsonl', content: string | Buffer, pieceBytes = 65_536): CheckedDataset {
  const bytes = Buffer.from(content as string);
  const checker = createDatasetChecker(format);
  for (let at = 0; at < bytes.length && !checker.hopeless; at += pieceBytes)
    checker.push(bytes.subarray(at, at + pieceBytes));
  return checker.end();
}
const csvOf = (rows: number): string => `question,answer\n${'"a, ""b""\nc",d\r\n'.repeat(rows)}`;
const linesOf = (rows: number): string => '{"q":"a\u2028b"}\n'.repeat(rows);

test.each([
  ['a header and two rows', 'a,b\n1,2\n3,4\n', 2],
  ['no line break at the end', 'a,b\n1,2', 1],
  ['a header only', 'a,b\n', 0],
  ['CRLF', 'a\r\n1\r\n2\r\n', 2],
  ['CR only', 'a\r1\r2', 2],
  ['a line break within quotes', 'a\n"1\n2\r\n3"\n4\n', 2],
  ['quotes within quotes', 'a\n"say ""hi""\n"""\n""\n', 2],
  ['quoted commas and empty fields', 'a,b\n"1,2",\n,\n', 2],
  ['blank lines', '\n\na\n\n1\n\n', 1],
  ['a quoted header with a line break', '"a\nb",c\n1,2\n', 1],
  ['a byte order mark before quotes', '\ufeff"a\nb"\n1\n', 1],
  ['characters of two, three and four bytes', 'ä,€\n😀,"é\n"\n', 1],
])('L7 a CSV file with %s', (_what, content, rows) => {
  for (const pieceBytes of [1, 2, 3, 1_000]) expect(check('csv', content, pieceBytes)).toEqual({ kind: 'fine', rows });
});

test.each([
  ['ends within quotes', 'a\n"1\n2', 'the file ends within quotes', 3],
  ['goes on behind a closing quote', 'a\n"1"2\n', 'closing quote', 2],
  ['has a quote within a field', 'a\n1"2\n', 'quote stands within', 2],
  ['is empty', '', 'empty', null],
  ['has blank lines only', '\n\r\n', 'empty', null],
  ['is no UTF-8', Buffer.from([0x61, 0x0a, 0xff, 0x0a]), 'UTF-8', null],
  ['ends within a character', Buffer.from([0x61, 0x0a, 0xe2, 0x82]), 'UTF-8', null],
])('L7 a CSV file that %s is refused', (_what, content, because, line) => {
  for (const pieceBytes of [1, 1_000]) {
    const fault = { code: 'invalid_dataset', because: expect.stringContaining(because), line };
    expect(check('csv', content, pieceBytes)).toEqual({ kind: 'refused', fault });
  }
});

test.each([
  ['no object', '{}\n[]\n', 'no JSON object', 2],
  ['no JSON', '{}\n\n{', 'not JSON', 3],
  ['a name twice', '{"a":1,"b":{"c":1,"c":2}}', '"c" twice', 1],
  ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'UTF-8', 1],
  ['nothing', '\n \n', 'empty', null],
])('L7 JSON lines with %s are refused', (_what, content, because, line) => {
  const fault = { code: 'invalid_dataset', because: expect.stringContaining(because), line };
  expect(check('jsonl', content)).toEqual({ kind: 'refused', fault });
});

test.each(['csv', 'jsonl'] as const)('L7 999 rows of %s pass and 1,000 do not', (format) => {
  const of = format === 'csv' ? csvOf : linesOf;
  for (const pieceBytes of [7, 65_536]) {
    expect(check(format, of(999), pieceBytes)).toEqual({ kind: 'fine', rows: 999 });
    const fault = { code: 'too_many_rows', because: expect.any(String), line: null };
    expect(check(format, of(1_000), pieceBytes)).toEqual({ kind: 'refused', fault });
    expect(check(format, of(100_000), pieceBytes)).toEqual({ kind: 'refused', fault });
  }
});

test('L7 nothing is kept of a field, however long', () => {
  const checker = createDatasetChecker('csv');
  const piece = Buffer.alloc(1_000_000, 'x');
  checker.push(Buffer.from('a\n"'));
  const before = process.memoryUsage();
  for (let i = 0; i < 300; i++) checker.push(piece);
  const after = process.memoryUsage();
  expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(100_000_000);
  checker.push(Buffer.from('"\n'));
  expect(checker.end()).toEqual({ kind: 'fine', rows: 1 });
});
