/** A saved payment method as it is kept: enough to recognise it, never to use it. */
import type { MethodRole } from '../../domain/accountState';
import type { SavedCard } from '../../domain/payment';
import type { Position } from '../accounts/position';

/** `unusableBecause`: the code with which it was declined for good, until it may be tried again (A11). */
export type PaymentMethod = SavedCard & { role: MethodRole | null; usable: boolean; unusableBecause: string | null };
export type MethodsChanged = { method: PaymentMethod; position: Position };

export type MethodRow = {
  id: string;
  role: MethodRole | null;
  brand: string;
  last4: string;
  exp_month: number | null;
  exp_year: number | null;
  fingerprint: string | null;
  unusable_because: string | null;
};

export const METHOD_COLUMNS = 'id, role, brand, last4, exp_month, exp_year, fingerprint, unusable_because';

export const toPaymentMethod = (row: MethodRow): PaymentMethod => ({
  id: row.id,
  role: row.role,
  brand: row.brand,
  last4: row.last4,
  expMonth: row.exp_month,
  expYear: row.exp_year,
  fingerprint: row.fingerprint,
  usable: row.unusable_because === null,
  unusableBecause: row.unusable_because,
});
