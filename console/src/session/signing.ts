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

export function useSignOut() {
  const queries = useQueryClient();
  return useMutation({
    mutationKey: LEAVING,
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
    mutationKey: LEAVING,
    mutationFn: async (accountId: string) => {
      takeOver(queries, await data(api.POST('/v1/session', { body: { accountId } })));
      tellOtherTabs('begun');
    },
  });
}

/** Why the last one did not sign out or change accounts; null: nothing has failed. */
export const useLeavingProblem = (): Error | null =>
  useMutationState({ filters: { mutationKey: LEAVING }, select: ({ state }) => state.error }).at(-1) ?? null;
