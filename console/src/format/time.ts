/** Days and times are UTC's everywhere, as the API's are, and say so. */
const at = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', ...options });
const DATE = at({ month: 'short', day: 'numeric', year: 'numeric' });
const SHORT_DATE = at({ month: 'short', day: 'numeric' });
const TIME = at({ month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const CLOCK = at({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const DAY_MS = 86_400_000;

export const formatDate = (iso: string): string => DATE.format(new Date(iso));
export const formatShortDate = (iso: string): string => SHORT_DATE.format(new Date(iso));
export const formatTime = (iso: string): string => `${TIME.format(new Date(iso))} UTC`;
export const formatClock = (iso: string): string => `${CLOCK.format(new Date(iso))} UTC`;

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
  return `${value.toLocaleString('en-US')} ${unit}${value === 1 ? '' : 's'}`;
}
