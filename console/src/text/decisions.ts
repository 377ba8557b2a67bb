/** What was decided about an account's money and access, and why (A15). The sentences themselves are the API's. */
export const decisions = {
  title: 'Decisions',
  note: 'Why something was charged or not, suspended or resumed. Newest first, times are UTC.',
  none: 'Nothing has been decided yet',
  noneWhy: 'Each charge, refusal and suspension leaves its reason here.',
  columns: { at: 'Time', kind: 'What', because: 'Why' },
  kinds: {
    charge: 'Charge',
    not_charged: 'Not charged',
    strike: 'Attempt failed',
    close: 'Reload ended',
    configure: 'Auto-reload set',
    pause: 'Auto-reload paused',
    resume: 'Resumed',
    disable: 'Auto-reload disabled',
    suspend: 'Access suspended',
    /** So it is called in records of before `not_charged` was said of it too. */
    hold_back: 'Not charged',
    note: 'Owners told',
    quarantine: 'Payment quarantined',
    close_account: 'Account closed',
  } as Record<string, string>,
  why: 'Why',
  whyReload: (number: number) => `Why reload ${number}?`,
  whyTransaction: (sequence: number) => `Why transaction ${sequence}?`,
  /** What brings a line that no reload has made. */
  byKind: {
    prepayment: 'An owner made this payment; nothing is prepaid by itself.',
    refund: 'A payment was given back to the card, by an admin or at the payment provider, so it left the balance.',
    refund_reversal: 'The bank did not take the refund, so the money came back to the balance.',
    dispute:
      'The cardholder disputed a payment at their bank, which took the money back. It suspends access until it is won or an admin lifts that.',
    dispute_reversal: 'The dispute was won, so the bank gave the money back.',
  } as const,
  unknown: 'No decision is recorded for it',
  unknownWhy: 'It was not made by auto-reload: a person or the payment provider began it.',
} as const;
