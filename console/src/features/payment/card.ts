/** A saved method in words. */
import type { Schemas } from '../../api/client';
import { text } from '../../text';

type Method = Schemas['PaymentMethod'];
const BRANDS = new Map(Object.entries(text.payments.brands));

export const cardName = ({ brand, last4 }: Pick<Method, 'brand' | 'last4'>): string =>
  text.pay.methodOf(BRANDS.get(brand) ?? brand, last4);

export function expiryOf({ expMonth, expYear }: Method): string | null {
  return expMonth === null || expYear === null ? null : `${String(expMonth).padStart(2, '0')}/${expYear}`;
}
