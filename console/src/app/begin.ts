/** Asks for what the first page needs before React has drawn anything: the page's file, who is signed in, the balance. */
import type { QueryClient } from '@tanstack/react-query';
import { accountQuery } from '../api/accounts';
import { followSession, tellOtherTabs } from '../session/presence';
import { sessionQuery } from '../session/session';
import { hasToken } from '../session/token';
import { pageAt, pages } from './pages';

export function begin(queries: QueryClient): void {
  // The start leads to the first page that one's role may open: for most that is the first of all.
  (pageAt(window.location.pathname) ?? pages[0])?.begin();
  followSession(queries);
  // Such a link means whomever it is for, whoever is signed in already.
  if (hasToken()) return void queries.setQueryData(sessionQuery.queryKey, null);
  // What fails here is asked again, and told, by whoever shows it.
  queries.fetchQuery(sessionQuery).then(
    (session) => {
      // It may have begun by a link in a mail: no page of ours has told of it.
      if (session) tellOtherTabs('begun');
      if (session?.accountId !== undefined) void queries.prefetchQuery(accountQuery(session.accountId));
    },
    () => undefined,
  );
}
