/** Digits and signs of numbers, as people read them. */
const UNITS = ['bytes', 'KB', 'MB', 'GB'] as const;
const STEP = 1_000;

/** A comma before each three digits from the end. @param digits of a whole number that is not negative */
export const groupDigits = (digits: string): string => digits.replaceAll(/\B(?=(\d{3})+$)/g, ',');

/** A whole number, `10,000,000`. */
export const formatCount = (count: number): string =>
  `${count < 0 ? '−' : ''}${groupDigits(Math.abs(count).toFixed(0))}`;

/** `1.2 MB`, by powers of ten, as the API's limits are. */
export function formatBytes(bytes: number): string {
  const place = UNITS.findIndex((_, at) => bytes < STEP ** (at + 1));
  const at = place === -1 ? UNITS.length - 1 : place;
  return `${String(Math.round((bytes / STEP ** at) * 10) / 10)} ${UNITS[at]}`;
}
