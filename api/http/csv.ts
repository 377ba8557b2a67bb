/**
 * Comma-separated values as RFC 4180 has them. A spreadsheet would run a text that begins like a formula, so such a cell
 * begins with an apostrophe (OWASP, "CSV Injection"). Numbers stay numbers, also negative ones such as -5.00.
 */

/** A header, unless it was written before, and a line per row, each ended by CR LF. */
export function toCsv<Column extends string>(
  columns: readonly Column[],
  rows: readonly Partial<Record<Column, string | number>>[],
  { header = true }: { header?: boolean } = {},
): string {
  const lines = [...(header ? [columns] : []), ...rows.map((row) => columns.map((column) => row[column] ?? ''))];
  return lines.map((cells) => `${cells.map(toCell).join(',')}\r\n`).join('');
}

const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^-?\d+(\.\d+)?$/;

const toCell = (value: string | number): string => {
  const text = FORMULA.test(String(value)) && !NUMBER.test(String(value)) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
