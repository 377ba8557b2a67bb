/** A whole number as a person types it, `10,000,000`. What is none becomes NaN, which JSON has as null, for the API to refuse. */
export const typedCount = (text: string): number => Number(text.trim().replaceAll(/[,_ ]/g, '') || 'none');
