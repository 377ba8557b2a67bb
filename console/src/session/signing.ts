/** Signing in and out, and choosing another account. The other tabs are told. */
import { useMutation, useMutationState, useQueryClient } from '@tanstack/react-query';
import { api, data } from '../api/client';
import { leave, meet, takeOver, tellOtherTabs } from './presence';

export type Credentials = { key: string } | { token: string };

export function useSignIn() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (body: Credentials) => {
      meet(queries, await data(api.POST('/v1/session', { body })));
      tellOtherTabs('begun');
    },
  });
}

export const askForLink = async (email: string): Promise<void> =>
  void (await api.POST('/v1/session', { body: { email } }));

/** What is done from wherever one is: that it failed is told in one place of the frame. */
const LEAVING = ['leaving'] as const;
const leaving = (act: Leaving) => [...LEAVING, act] as const;
type Leaving = 'signOut' | 'chooseAccount';

export function useSignOut() {
  const queries = useQueryClient();
  return useMutation({
    mutationKey: leaving('signOut'),
    mutationFn: async () => {
      await api.DELETE('/v1/session');
      leave(queries);
      tellOtherTabs('left');
    },
  });
}

export function useChooseAccount() {
  const queries = useQueryClient();
  return useMutation({
    mutationKey: leaving('chooseAccount'),
    mutationFn: async (accountId: string) => {
      takeOver(queries, await data(api.POST('/v1/session', { body: { accountId } })));
      tellOtherTabs('begun');
    },
  });
}

/** Which one has failed last, and why; null: none, or it was dismissed. */
export function useLeavingProblem(): { act: Leaving; error: Error; dismiss: () => void } | null {
  const mutations = useQueryClient().getMutationCache();
  const filters = { mutationKey: LEAVING };
  const last = useMutationState({
    filters,
    select: ({ options, state }) => ({ act: options.mutationKey?.[1] as Leaving, error: state.error }),
  }).at(-1);
  if (!last?.error) return null;
  const dismiss = (): void => mutations.findAll(filters).forEach((mutation) => mutations.remove(mutation));
  return { act: last.act, error: last.error, dismiss };
}
