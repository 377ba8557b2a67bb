/** Cuts a file into lines as its bytes come: at 0x0A only, so a U+2028 inside a string cuts nothing. */
import { LINE_BYTES_MAX } from '../domain/batch';

export type Line = {
  /** From 1. Lines without a request count too, so that the number is the one an editor shows. */
  number: number;
  /** Where it begins in the file, in bytes; a byte order mark is no part of the first. */
  offset: number;
  /** Without its line break; null for one longer than `LINE_BYTES_MAX`. */
  bytes: Buffer | null;
};

const LF = 0x0a;
const CR = 0x0d;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

export type LineSplitter = {
  /** The lines that end in this chunk. */
  push(chunk: Buffer): Generator<Line>;
  /** What follows the last line break, if anything. */
  end(): Generator<Line>;
};

/** So many pieces are joined: each costs a hundred bytes besides, and a sender may make them as small as it likes. */
const PIECES_MAX = 1_024;

/** Holds one line at most, and of one that is too long nothing. A CR before the line break is no part of the line. */
export function createLineSplitter(): LineSplitter {
  let number = 0;
  let offset = 0;
  /** The line that has begun: what was joined of it, its pieces since, and its length, which goes on where these were dropped. */
  let joined: Buffer[] = [];
  let pieces: Buffer[] = [];
  let length = 0;

  function grow(piece: Buffer): void {
    length += piece.length;
    if (length > LINE_BYTES_MAX) [joined, pieces] = [[], []];
    else if (piece.length > 0) pieces.push(piece);
    if (pieces.length < PIECES_MAX) return;
    joined.push(Buffer.concat(pieces));
    pieces = [];
  }

  const whole = (): Buffer =>
    joined.length === 0 && pieces.length === 1 ? pieces[0]! : Buffer.concat([...joined, ...pieces]);

  function take(breakLength: number): Line {
    const start = offset;
    let bytes = length > LINE_BYTES_MAX ? null : whole();
    offset += length + breakLength;
    joined = [];
    pieces = [];
    length = 0;
    number += 1;
    if (bytes?.at(-1) === CR) bytes = bytes.subarray(0, -1);
    if (number === 1 && bytes?.subarray(0, 3).equals(BYTE_ORDER_MARK))
      return { number, offset: start + 3, bytes: bytes.subarray(3) };
    return { number, offset: start, bytes };
  }

  return {
    *push(chunk) {
      let from = 0;
      for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, from)) {
        grow(chunk.subarray(from, at));
        yield take(1);
        from = at + 1;
      }
      // A copy: what the chunk was a part of may be used again before the line ends.
      if (from < chunk.length) grow(Buffer.from(chunk.subarray(from)));
    },
    *end() {
      if (length > 0) yield take(0);
    },
  };
}

/** Spaces, tabs and carriage returns only. */
export function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 0x20 && byte !== 0x09 && byte !== CR) return false;
  return true;
}
