/** What came of news from the provider, for its record and for whoever waits for it. */
import type { Synced } from './syncIntent';

export type AppliedNews = {
  /** For the record of events. */
  outcome: string;
  /** Whose gate and workflow should look again; null when nothing of ours was touched. */
  accountId: string | null;
  methodsChanged: boolean;
};

export const nothingOfOurs = (outcome: string): AppliedNews => ({ outcome, accountId: null, methodsChanged: false });

export function newsOf(synced: Synced): AppliedNews {
  if (synced.kind === 'foreign') return nothingOfOurs('foreign');
  return { outcome: outcomeOf(synced.applied), accountId: synced.payment.accountId, methodsChanged: false };
}

function outcomeOf(applied: Extract<Synced, { kind: 'ours' }>['applied']): string {
  switch (applied.kind) {
    case 'credited':
      return applied.now ? 'credited' : 'credited before';
    case 'quarantined':
      return 'quarantined';
    case 'unchanged':
      return applied.changed ? 'noted' : 'nothing new';
    default:
      return 'noted';
  }
}
