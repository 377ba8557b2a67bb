/** The command palette. */
export const palette = {
  open: 'Go to',
  key: 'Ctrl K',
  title: 'Go to',
  label: 'Page, account or action',
  placeholder: 'Type to find a page, an account or an action',
  pages: 'Pages',
  actions: 'Actions',
  accounts: 'Accounts',
  switchTo: (account: string) => `Switch to ${account}`,
  autoReload: 'Auto-reload settings',
  none: 'Nothing fits. Try fewer letters.',
} as const;
