/** Digits, and between groups of three of them what parts thousands: `1,5` is no fifteen. */
const WHOLE = /^\d+$|^\d{1,3}([,_ ]\d{3})+$/;

/** A whole number as a person types it, `10,000,000`. What is none becomes NaN, which JSON has as null, for the API to refuse. */
export function typedCount(text: string): number {
  const plain = text.trim();
  return WHOLE.test(plain) ? Number(plain.replaceAll(/[,_ ]/g, '')) : NaN;
}
