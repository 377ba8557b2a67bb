const COUNT = new Intl.NumberFormat('en-US');
const SIZE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const UNITS = ['bytes', 'KB', 'MB', 'GB'] as const;
const STEP = 1_000;

export const formatCount = (count: number): string => COUNT.format(count);

/** `1.2 MB`, by powers of ten, as the API's limits are. */
export function formatBytes(bytes: number): string {
  const place = UNITS.findIndex((_, at) => bytes < STEP ** (at + 1));
  const at = place === -1 ? UNITS.length - 1 : place;
  return `${SIZE.format(bytes / STEP ** at)} ${UNITS[at]}`;
}
