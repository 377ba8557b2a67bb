/** Money: exact nano-dollars (1e-9 USD) as bigint, decimal strings on the wire, whole cents for cards (B1). */

declare const nanoBrand: unique symbol;
/** An amount in nano-dollars. Postgres keeps it as bigint: at most about 9.2 billion dollars either way. */
export type Nano = bigint & { readonly [nanoBrand]: true };

const NANO_PER_CENT = 10_000_000n;
const NANO_PER_DOLLAR = 1_000_000_000n;
/** An admin's adjustment brings no balance beyond this, either way: so usage and payments always find room in 64 bits. */
export const BALANCE_NANO_MAX = 9_000_000_000n * NANO_PER_DOLLAR;
/** As requests have it. */
const WIRE = /^(-?)(\d{1,9})(?:\.(\d{1,9}))?$/;
/** A balance adds up to more than one request may ask for: up to ten digits of dollars, as 64 bits have them. */
const BALANCE = /^(-?)(\d{1,10})(?:\.(\d{1,9}))?$/;

export const nano = (amount: bigint): Nano => amount as Nano;
export const zero = nano(0n);
export const add = (a: Nano, b: Nano): Nano => nano(a + b);
export const subtract = (a: Nano, b: Nano): Nano => nano(a - b);
export const max = (a: Nano, b: Nano): Nano => (a > b ? a : b);
export const centsToNano = (cents: number): Nano => nano(BigInt(cents) * NANO_PER_CENT);

/** Whether the text is a balance as `formatMoney` writes it. */
export const isBalance = (text: unknown): text is string => typeof text === 'string' && BALANCE.test(text);

/** `"12.34"` → 12340000000n. Throws a RangeError that names the text when it is no amount that a request may have. */
export function parseMoney(text: string): Nano {
  const match = WIRE.exec(text);
  if (!match) throw new RangeError(`"${text}" is not an amount such as "12.34" (at most 9 digits on either side)`);
  return toNano(match);
}

/** What `formatMoney` has written of any balance or sum in 64 bits. Throws a RangeError for anything else. */
export function parseBalance(text: string): Nano {
  const match = BALANCE.exec(text);
  if (!match) throw new RangeError(`"${text}" is not a balance such as "12.34"`);
  return toNano(match);
}

function toNano([, sign, dollars, fraction = '']: RegExpExecArray): Nano {
  const amount = BigInt(dollars!) * NANO_PER_DOLLAR + BigInt(fraction.padEnd(9, '0'));
  return nano(sign === '-' ? -amount : amount);
}

/** 12340000000n → `"12.34"`: at least two decimals, at most nine. */
export function formatMoney(amount: Nano): string {
  const absolute = amount < 0n ? -amount : amount;
  const fraction = (absolute % NANO_PER_DOLLAR)
    .toString()
    .padStart(9, '0')
    .replace(/0{1,7}$/, '');
  return `${amount < 0n ? '-' : ''}${absolute / NANO_PER_DOLLAR}.${fraction}`;
}

/** Whole cents of an amount, or null when it has a fraction of a cent: cards take whole cents only. */
export function wholeCents(amount: Nano): number | null {
  return amount % NANO_PER_CENT === 0n ? Number(amount / NANO_PER_CENT) : null;
}

export const formatCents = (cents: number): string => formatMoney(centsToNano(cents));

/** Divides and rounds up: the one place where money is rounded (B1). `dividend` is 0 or more, `divisor` more than 0. */
export const divideRoundingUp = (dividend: bigint, divisor: bigint): Nano => nano((dividend + divisor - 1n) / divisor);
