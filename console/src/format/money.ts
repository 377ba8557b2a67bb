/**
 * Money is a decimal string of the API's, to nine decimals, and never a float; what is computed is nano-dollars as
 * bigint. It is written by hand: a browser's first formatter costs more than all the rest of the first page.
 */
import { groupDigits } from './number';

const NANO_PER_CENT = 10_000_000n;
const DECIMAL = /^(-?)(\d+)(?:\.(\d{1,9}))?$/;

/** Nano-dollars of a decimal string; throws on what is none. */
export function toNano(amount: string): bigint {
  const match = DECIMAL.exec(amount);
  if (!match) throw new Error(`${amount} is no amount`);
  const [, sign, whole, fraction = ''] = match;
  const nano = BigInt(whole!) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
  return sign === '-' ? -nano : nano;
}

export function fromNano(nano: bigint): string {
  const digits = (nano < 0n ? -nano : nano).toString().padStart(10, '0');
  const fraction = digits.slice(-9).replace(/0{1,7}$/, '');
  return `${nano < 0n ? '-' : ''}${digits.slice(0, -9)}.${fraction}`;
}

export const addMoney = (...amounts: string[]): string => fromNano(amounts.reduce((sum, one) => sum + toNano(one), 0n));
export const isNegative = (amount: string): boolean => toNano(amount) < 0n;
export const isZero = (amount: string): boolean => toNano(amount) === 0n;

/** `$1,234.50` of nano-dollars, with cents at least. */
function inDollars(nano: bigint): string {
  const [sign, size] = nano < 0n ? ['−', -nano] : ['', nano];
  const [whole, fraction] = fromNano(size).split('.');
  return `${sign}$${groupDigits(whole!)}.${fraction}`;
}

/** To a multiple of the step; a half goes away from zero. */
function round(nano: bigint, step: bigint): bigint {
  const half = nano < 0n ? -step / 2n : step / 2n;
  return ((nano + half) / step) * step;
}

/** In cents, for reading: never $0.00 when it is not zero. What is less than half a cent has two digits, `$0.0042`. */
export function formatMoney(amount: string): string {
  const nano = toNano(amount);
  const size = nano < 0n ? -nano : nano;
  const isSmall = size > 0n && size * 2n < NANO_PER_CENT;
  return inDollars(round(nano, isSmall ? 10n ** BigInt(Math.max(0, String(size).length - 2)) : NANO_PER_CENT));
}

/** Every digit there is. */
export const formatExact = (amount: string): string => inDollars(toNano(amount));

/** An amount in a sentence, `-$1,234.5`. */
const WRITTEN = /([-−]?)\$(\d[\d,]*(?<!,)(?:\.\d{1,9})?)(?!\d)/g;

/** A sentence in parts: its words, and the amounts among them as decimal strings. */
export function amountsIn(sentence: string): (string | { amount: string })[] {
  const parts: (string | { amount: string })[] = [];
  let from = 0;
  for (const { 0: written, 1: sign, 2: digits, index } of sentence.matchAll(WRITTEN)) {
    parts.push(sentence.slice(from, index), { amount: `${sign === '' ? '' : '-'}${digits!.replaceAll(',', '')}` });
    from = index + written.length;
  }
  return [...parts, sentence.slice(from)].filter((part) => part !== '');
}

/** For scales of charts only, where a pixel is coarser than a float. */
export const toPixelsOnly = (amount: string): number => Number(amount);

/** Commas part thousands, and nothing else: `12,50` may be twelve and a half, and `0,150` less than one. */
const GROUPED = /^-?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$/;

/** What a person typed as an amount, as the API takes it: `1,250.00` is "1250.00". What is none is returned as it is, for the API to refuse. */
export function typedAmount(text: string): string {
  const plain = text
    .trim()
    .replace(/^(-?)\$/, '$1')
    .trim();
  return GROUPED.test(plain) ? plain.replaceAll(',', '') : plain;
}

/** It has a comma that parts no thousands. */
export const hasStrayComma = (text: string): boolean => typedAmount(text).includes(',');

/** Whether the API could read it as an amount at all; whether it may be paid is for the API to say. */
export const looksLikeAmount = (text: string): boolean => /^\d{1,9}(\.\d{1,9})?$/.test(typedAmount(text));

/** Also one with a minus. */
export const looksLikeSignedAmount = (text: string): boolean => looksLikeAmount(typedAmount(text).replace(/^-/, ''));
