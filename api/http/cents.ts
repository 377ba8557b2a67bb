/** Amounts for cards: whole cents within a range, or a 422 that says why. */
import { Problem } from '../../domain/errors';
import { formatCents, parseMoney, wholeCents } from '../../domain/money';

/** @param amount as the schema has let it through */
export function centsOf(path: string, amount: string): number {
  const cents = wholeCents(parseMoney(amount));
  if (cents === null)
    throw new Problem('fraction_of_a_cent', `${path} is ${amount}: cards take whole cents.`, {
      errors: [{ path, message: 'must be whole cents' }],
    });
  return cents;
}

/** @param range inclusive, in cents */
export function centsWithin(path: string, amount: string, [min, max]: readonly [number, number]): number {
  const cents = centsOf(path, amount);
  if (cents >= min && cents <= max) return cents;
  const message = `must be from ${formatCents(min)} to ${formatCents(max)}`;
  throw new Problem('out_of_range', `${path} is ${amount}: it ${message}.`, { errors: [{ path, message }] });
}
