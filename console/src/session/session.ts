/** Who is signed in, and what they may see. The server decides what they may do; this only keeps pages away that it would refuse. */
import { queryOptions } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { api, data, type Schemas } from '../api/client';
import { keys } from '../api/keys';

export type Session = Schemas['Session'];
export type Role = Session['role'];

/** Null: nobody. It answers a visitor who is signed out too: a 401 would be a line in the browser's log. */
export const readSession = async (): Promise<Session | null> => (await data(api.GET('/v1/session/current'))).session;

/** Whom this page is of. It is read once; what becomes of the session after that, presence.ts follows. */
export const sessionQuery = queryOptions({ queryKey: keys.session, queryFn: readSession, staleTime: Infinity });

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
