/** What an admin may do to an account's money and access now; each act has a window with an address of its own. */
import type { Schemas } from '../../api/client';
import type { text } from '../../text';

export type Act = keyof typeof text.accounts.acts;

/** Closed, or about to be: nobody is added to it, and no key of it works. */
export const isClosed = ({ gate }: Pick<Schemas['Account'], 'gate'>): boolean =>
  (gate.reasons as readonly string[]).includes('account_closed');

/** Nothing that would be refused: a closed account has no acts, and one whose closing is under way can only be closed. */
export function actsOf({ gate, closedAt }: Pick<Schemas['Account'], 'gate' | 'closedAt'>): readonly Act[] {
  const reasons: readonly string[] = gate.reasons;
  if (closedAt !== undefined) return [];
  if (isClosed({ gate })) return ['close'];
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
