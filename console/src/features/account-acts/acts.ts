/** What an admin may do to an account's money and access now; each act has a window with an address of its own. */
import type { Schemas } from '../../api/client';
import type { text } from '../../text';

export type Act = keyof typeof text.accounts.acts;

/** Nothing that would be refused: a closed account has no acts, and one whose closing is under way can only be closed. */
export function actsOf({ gate, closedAt }: Pick<Schemas['Account'], 'gate' | 'closedAt'>): readonly Act[] {
  const reasons: readonly string[] = gate.reasons;
  if (closedAt !== undefined) return [];
  if (reasons.includes('account_closed')) return ['close'];
  return [
    'adjust',
    reasons.includes('admin_suspended') ? 'lift' : 'suspend',
    ...(reasons.includes('payment_disputed') ? ['lift-dispute' as const] : []),
    'refund',
    'close',
  ];
}

export const addressOf = (accountId: string, act: Act): string =>
  `/accounts/${encodeURIComponent(accountId)}?window=${act}`;
