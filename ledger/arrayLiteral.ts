/** Postgres arrays as text: what `pg` makes of lists element by element, at a fraction of the cost for thousands of them. */

const TO_ESCAPE = /["\\]/g;

export const numbersLiteral = (values: readonly (number | bigint)[]): string => `{${values.join(',')}}`;
export const textsLiteral = (values: readonly (string | null)[]): string => `{${values.map(quote).join(',')}}`;

const quote = (text: string | null): string => (text === null ? 'null' : `"${text.replace(TO_ESCAPE, '\\$&')}"`);
