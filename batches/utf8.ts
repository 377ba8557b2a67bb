/** Whether bytes that come in pieces are UTF-8, without decoding them. */
import { isUtf8 } from 'node:buffer';

export type Utf8Check = {
  /** False once they are not. */
  push(chunk: Buffer): boolean;
  end(): boolean;
};

export function createUtf8Check(): Utf8Check {
  /** The beginning of a character that the next piece goes on with. */
  let begun: Buffer = Buffer.alloc(0);
  return {
    push(chunk) {
      const bytes = begun.length === 0 ? chunk : Buffer.concat([begun, chunk]);
      const whole = bytes.length - unfinished(bytes);
      begun = Buffer.from(bytes.subarray(whole));
      return isUtf8(bytes.subarray(0, whole));
    },
    end: () => begun.length === 0,
  };
}

/** How many bytes at the end belong to a character that is not whole. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
