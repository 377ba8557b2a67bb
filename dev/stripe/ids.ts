// Makes ids in Stripe's shape: a prefix that names the kind, then random letters and digits.
import { randomBytes } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

// Drawing random bytes once per pool keeps id making out of the hot path's profile.
let pool = Buffer.alloc(0);
let used = 0;

function nextByte(): number {
  if (used >= pool.length) {
    pool = randomBytes(8_192);
    used = 0;
  }
  return pool[used++] as number;
}

function randomText(length: number): string {
  let text = '';
  while (text.length < length) {
    const byte = nextByte();
    // 248 is the largest multiple of 62 in a byte: above it, some letters would be likelier.
    if (byte < 248) text += ALPHABET[byte % 62];
  }
  return text;
}

export function newId(prefix: string, length = 24): string {
  return `${prefix}_${randomText(length)}`;
}

export function newClientSecret(intentId: string): string {
  return `${intentId}_secret_${randomText(25)}`;
}
