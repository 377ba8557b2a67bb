/** What the payment's own answer said, beyond what can be read again later. */
export type Known = { id: string; balance?: string; url?: string | null; wasSuspended: boolean };
