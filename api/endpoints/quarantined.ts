/** What is said of a payment whose money is not what was asked (P3): no more than is known. */
export const QUARANTINED =
  'The payment provider received another amount or currency than was asked. It is not in the balance yet; we are looking at it.';
