/** Puts it together: the queries, the session, the frame with the page of the address. */
import { QueryClientProvider, useQuery, type QueryClient } from '@tanstack/react-query';
import { PageCard, PageHead } from '../components/Card';
import { Toasts } from '../components/Toasts';
import { Failed } from '../components/States';
import { NewcomerPage } from '../session/NewcomerPage';
import { usePresence } from '../session/presence';
import { SessionContext, sessionQuery } from '../session/session';
import { SignInPage } from '../session/SignIn';
import { SignInOnTop } from '../session/SignInOnTop';
import { text } from '../text';
import { Frame } from './Frame';

export const App = ({ queries }: { queries: QueryClient }) => (
  <QueryClientProvider client={queries}>
    <Door />
    <Toasts />
  </QueryClientProvider>
);

/** Nobody: the sign-in. Somebody: the frame. Somebody else: that. */
function Door() {
  const session = useQuery(sessionQuery);
  const { newcomer } = usePresence();
  if (session.data && newcomer) return <NewcomerPage before={session.data} now={newcomer} />;
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
