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
  unknown: 'No decision is recorded for it',
  unknownWhy: 'It was not made by auto-reload: a person or the payment provider began it.',
} as const;
