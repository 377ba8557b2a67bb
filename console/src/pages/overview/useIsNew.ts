import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../../api/client';
import { newestTransactionQuery } from '../../api/transactions';
import { isZero } from '../../format/money';

/**
 * Whether no money has ever moved: the balance is not used up, nothing has been paid in yet. An account whose balance is
 * exactly zero is taken for new until its newest transaction is read: hardly any other one has such a balance.
 */
export function useIsNew({ id, balance, gate }: Schemas['Account']): boolean {
  const mayBeNew = isZero(balance) && gate.state === 'suspended';
  const newest = useQuery({ ...newestTransactionQuery(id), enabled: mayBeNew });
  return mayBeNew && (newest.data === undefined || newest.data.data.length === 0);
}
