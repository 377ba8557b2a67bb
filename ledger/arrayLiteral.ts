/** Postgres arrays as text: what `pg` makes of lists element by element, at a fraction of the cost for thousands of them. */

const TO_ESCAPE = /["\\]/g;

/** The literal of a one-dimensional array of numbers, or of texts, which may be null. */
export function toArrayLiteral(values: readonly (number | bigint)[] | readonly (string | null)[]): string {
  return typeof values.find((value) => value !== null) === 'string'
    ? `{${(values as readonly (string | null)[]).map(quote).join(',')}}`
    : `{${values.map((value) => value ?? 'null').join(',')}}`;
}

const quote = (text: string | null): string => (text === null ? 'null' : `"${text.replace(TO_ESCAPE, '\\$&')}"`);
