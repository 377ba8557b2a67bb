/** Puts it together: the queries' client, the session, the frame with the page of the address. */
import { QueryClient, QueryClientProvider, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { ProblemError } from '../api/problem';
import { PageHead } from '../components/Card';
import { Toasts } from '../components/Toasts';
import { Failed } from '../components/States';
import { SignInPage } from '../session/SignIn';
import { SignInOnTop } from '../session/SignInOnTop';
import { listenOtherTabs, SessionContext, sessionQuery } from '../session/session';
import { text } from '../text';
import { Frame } from './Frame';

const RETRIES_MAX = 2;
const client = new QueryClient({
  defaultOptions: {
    queries: {
      // The stream says what has changed; what it can't reach is read again when somebody looks.
      staleTime: 5_000,
      // A browser that knows it is offline says so in each list at once, instead of loading for ever.
      networkMode: 'always',
      refetchOnReconnect: true,
      retry: (count, error) => count < RETRIES_MAX && (!(error instanceof ProblemError) || error.status >= 500),
    },
    // What moves money is sent again by a person, under the same key, and not by a timer.
    mutations: { retry: false, networkMode: 'always' },
  },
});

export const App = () => (
  <QueryClientProvider client={client}>
    <Door />
    <Toasts />
  </QueryClientProvider>
);

/** Nobody: the sign-in. Somebody: the frame. */
function Door() {
  const session = useQuery(sessionQuery);
  const queries = useQueryClient();
  useEffect(() => listenOtherTabs(() => void queries.invalidateQueries(sessionQuery)), [queries]);
  if (session.data)
    return (
      <SessionContext value={session.data}>
        <Frame />
        <SignInOnTop />
      </SessionContext>
    );
  if (session.data === null) return <SignInPage />;
  if (session.error)
    return (
      <main>
        <PageHead title={text.app.name} />
        <Failed error={session.error} onRetry={() => void session.refetch()} />
      </main>
    );
  return null;
}
