/** Usage events of a month, in SQL. */

/** A condition. @param month UTC, such as 2026-11; throws on any other text */
export function takenIn(month: string): string {
  if (!/^\d{4}-\d{2}$/.test(month)) throw new Error(`${month} is not a month such as 2026-11`);
  const begin = `timestamptz '${month}-01T00:00:00Z'`;
  // In UTC, whatever the session's time zone.
  return `taken_at >= ${begin} and taken_at < (${begin} at time zone 'UTC' + interval '1 month') at time zone 'UTC'`;
}
