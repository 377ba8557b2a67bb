/**
 * Days and times are UTC's everywhere, as the API's are, and say so. They are written by hand: a browser's first
 * formatter of dates costs more than all the rest of the first page.
 */
import { formatCount } from './number';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAY_MS = 86_400_000;

const twoDigits = (number: number): string => String(number).padStart(2, '0');
const clock = (at: Date): string => `${twoDigits(at.getUTCHours())}:${twoDigits(at.getUTCMinutes())}`;

/** `Nov 26`. */
export function formatShortDate(iso: string): string {
  const at = new Date(iso);
  return `${MONTHS[at.getUTCMonth()]} ${at.getUTCDate()}`;
}
/** `Nov 26, 2026`. */
export const formatDate = (iso: string): string => `${formatShortDate(iso)}, ${new Date(iso).getUTCFullYear()}`;
/** With its year, unless that is the present one. */
const dayOf = (iso: string): string =>
  new Date(iso).getUTCFullYear() === new Date().getUTCFullYear() ? formatShortDate(iso) : formatDate(iso);
/** `Nov 26, 09:05 UTC`; of another year than the present one `Nov 26, 2025, 09:05 UTC`. */
export const formatTime = (iso: string): string => `${dayOf(iso)}, ${formatClock(iso)}`;
/** `Nov 26, 09:05:12 UTC`, with its year as above: for what is to be told from others of the same minute. */
export const formatMoment = (iso: string): string => {
  const at = new Date(iso);
  return `${dayOf(iso)}, ${clock(at)}:${twoDigits(at.getUTCSeconds())} UTC`;
};
/** `09:05 UTC`. */
export const formatClock = (iso: string): string => `${clock(new Date(iso))} UTC`;

/** The API's time of OpenAI's objects, seconds since the epoch, as ISO 8601. */
export const fromSeconds = (seconds: number): string => new Date(seconds * 1_000).toISOString();

/** The UTC day of a moment, `2026-11-25`. @param daysBack how many days earlier */
export const utcDay = (now: Date, daysBack = 0): string =>
  new Date(now.getTime() - daysBack * DAY_MS).toISOString().slice(0, 10);

/** `3 days`, `5 hours`, `12 minutes`: one unit, rounded down, as less is left than is said otherwise. */
export function formatMinutes(minutes: number): string {
  const [value, unit] =
    minutes >= 2 * 1_440
      ? [Math.floor(minutes / 1_440), 'day']
      : minutes >= 120
        ? [Math.floor(minutes / 60), 'hour']
        : [Math.max(0, Math.floor(minutes)), 'minute'];
  return `${formatCount(value)} ${unit}${value === 1 ? '' : 's'}`;
}
