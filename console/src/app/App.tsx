/** Puts it together: the queries, the session, the frame with the page of the address. */
import { QueryClientProvider, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { PageCard, PageHead } from '../components/Card';
import { Toasts } from '../components/Toasts';
import { Failed } from '../components/States';
import { SignInPage } from '../session/SignIn';
import { SignInOnTop } from '../session/SignInOnTop';
import { listenOtherTabs, SessionContext, sessionQuery } from '../session/session';
import { text } from '../text';
import { Frame } from './Frame';

export const App = ({ queries }: { queries: QueryClient }) => (
  <QueryClientProvider client={queries}>
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
        <PageCard>
          <Failed error={session.error} onRetry={() => void session.refetch()} />
        </PageCard>
      </main>
    );
  return null;
}
