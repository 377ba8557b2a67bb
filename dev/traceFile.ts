/** A trace file: its hash and sums in one pass, its rows, as a stream, in another. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';

export interface TraceRow {
  /** From 0, without the header. */
  index: number;
  arrivalMs: number;
  inputTokens: number;
  outputTokens: number;
}

export interface TokenPrices {
  /** Nano-dollars per million tokens. */
  input: bigint;
  output: bigint;
}

export interface TraceSums {
  requests: bigint;
  inputTokens: bigint;
  outputTokens: bigint;
  costNano: bigint;
}

const header = ['TIMESTAMP', 'ContextTokens', 'GeneratedTokens'];
const perMillion = 1_000_000n;

export async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

export async function* readTrace(file: string): AsyncGenerator<TraceRow> {
  const columns = (names: string[]) => {
    const missing = header.filter((name) => !names.includes(name));
    if (missing.length > 0)
      throw new Error(`${file} has no column ${missing.join(', ')}; its header is ${names.join(',')}`);
    return names;
  };
  let index = 0;
  for await (const record of createReadStream(file).pipe(
    parse({ columns, bom: true, trim: true, skip_empty_lines: true }),
  )) {
    yield toRow(record as Record<string, string>, index);
    index += 1;
  }
}

function toRow(record: Record<string, string>, index: number): TraceRow {
  const inputTokens = Number(record.ContextTokens);
  const outputTokens = Number(record.GeneratedTokens);
  // Seven decimals of a second: more than a Date takes.
  const arrivalMs = Date.parse(`${(record.TIMESTAMP ?? '').slice(0, 23).replace(' ', 'T')}Z`);
  const isRow =
    [inputTokens, outputTokens].every((count) => Number.isSafeInteger(count) && count >= 0) && !Number.isNaN(arrivalMs);
  if (!isRow) throw new Error(`Row ${index + 1} is not a time and two counts: ${Object.values(record).join(',')}`);
  return { index, arrivalMs, inputTokens, outputTokens };
}

/**
 * What the file must cost: each request rounded up to the nano-dollar, once (B1).
 * On purpose not the service's own pricing: this sum is what that one is held against.
 */
export async function sumTrace(file: string, prices: TokenPrices): Promise<TraceSums> {
  const sums = { requests: 0n, inputTokens: 0n, outputTokens: 0n, costNano: 0n };
  for await (const row of readTrace(file)) {
    const exact = BigInt(row.inputTokens) * prices.input + BigInt(row.outputTokens) * prices.output;
    sums.requests += 1n;
    sums.inputTokens += BigInt(row.inputTokens);
    sums.outputTokens += BigInt(row.outputTokens);
    sums.costNano += exact / perMillion + (exact % perMillion === 0n ? 0n : 1n);
  }
  return sums;
}
