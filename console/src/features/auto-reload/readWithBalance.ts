/** What the server says of charges is true of the balance that it was asked with. */
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { accountQuery } from '../../api/accounts';

/**
 * Reads it again whenever what is available has changed since it was last asked for; what was read stays until then.
 * @param query null: there is nothing to ask
 */
export function useReadWithBalance(
  accountId: string,
  query: Pick<UseQueryResult, 'isFetching' | 'refetch'> | null,
): void {
  const available = useQuery(accountQuery(accountId)).data?.available;
  const askedWith = useRef(available);
  const [isFetching, refetch] = [query?.isFetching ?? true, query?.refetch];
  useEffect(() => {
    // What has changed while it is being read is looked at once it has been.
    if (isFetching || available === askedWith.current) return;
    askedWith.current = available;
    void refetch?.();
  }, [available, isFetching, refetch]);
}
