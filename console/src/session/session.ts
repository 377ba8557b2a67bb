/** Who is signed in, and what they may see. The server decides what they may do; this only keeps pages away that it would refuse. */
import { queryOptions, useQueryClient } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { api, data, type Schemas } from '../api/client';
import { keys } from '../api/keys';

export type Session = Schemas['Session'];
export type Role = Session['role'];

/** Null: nobody. */
export const sessionQuery = queryOptions({
  queryKey: keys.session,
  queryFn: async (): Promise<Session | null> => {
    // It answers a visitor who is signed out too: a 401 would be a line in the browser's log.
    return (await data(api.GET('/v1/session/current'))).session;
  },
  staleTime: Infinity,
});

/** Given by the door: inside the frame somebody is signed in. */
export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('nobody is signed in');
  return session;
}

/** The account of a member's own pages. */
export const useAccountId = (): string => useSession().accountId ?? '';
export const useRole = (): Role => useSession().role;

const channel = 'BroadcastChannel' in window ? new BroadcastChannel('ballast.session') : null;

/** Makes the other tabs ask again who is signed in. */
export const tellOtherTabs = (): void => channel?.postMessage('changed');
export function listenOtherTabs(listener: () => void): () => void {
  channel?.addEventListener('message', listener);
  return () => channel?.removeEventListener('message', listener);
}

const isNotSession = ({ queryKey }: { queryKey: readonly unknown[] }): boolean => queryKey[0] !== keys.session[0];

export type Credentials = { key: string } | { token: string };

export function useSigning() {
  const client = useQueryClient();
  const became = (session: Session | null): void => {
    client.setQueryData(keys.session, session);
    tellOtherTabs();
  };
  return {
    async signIn(credentials: Credentials): Promise<void> {
      became(await data(api.POST('/v1/session', { body: credentials })));
      await client.invalidateQueries({ predicate: isNotSession });
    },
    async askForLink(email: string): Promise<void> {
      await api.POST('/v1/session', { body: { email } });
    },
    async chooseAccount(accountId: string): Promise<void> {
      became(await data(api.POST('/v1/session', { body: { accountId } })));
    },
    async signOut(): Promise<void> {
      await api.DELETE('/v1/session');
      became(null);
      // Nothing of this person's is left for the next one.
      client.removeQueries({ predicate: isNotSession });
    },
  };
}
