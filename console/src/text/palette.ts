/** The command palette. */
export const palette = {
  open: 'Go to',
  key: 'Ctrl K',
  appleKey: '⌘ K',
  title: 'Go to',
  label: 'Page or action',
  placeholder: 'Type to find a page or an action',
  labelWithAccounts: 'Page, account or action',
  placeholderWithAccounts: 'Type to find a page, an account or an action',
  pages: 'Pages',
  actions: 'Actions',
  accounts: 'Accounts',
  switchTo: (account: string) => `Switch to ${account}`,
  actOf: (act: string, account: string) => `${act}: ${account}`,
  autoReload: 'Auto-reload settings',
  askForLimit: 'Ask for a higher limit',
  /** By which words these are found, too. */
  also: {
    pay: 'make a payment, top up, add funds',
    autoReload: 'turn on, enable, change, pause, resume, disable, turn off, auto top-up',
    card: 'add a card, replace a card',
  },
  lists: {
    suspended: 'Suspended accounts',
    disabled: 'Accounts with auto-reload disabled after failures',
    paused: 'Accounts with auto-reload paused',
    negative: 'Accounts with a negative balance',
    unexplained: 'Accounts with unexplained payments',
    pending: 'Limit requests to be decided',
  },
  none: 'Nothing matches. Try fewer letters.',
  noneForAdmin: 'Nothing matches. For what is done to an account, type its name or id, too: “suspend acme”.',
} as const;
