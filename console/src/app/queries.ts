/** The one store of what was read from the API. */
import { QueryClient } from '@tanstack/react-query';
import { ProblemError } from '../api/problem';

const RETRIES_MAX = 2;

export const createQueries = (): QueryClient =>
  new QueryClient({
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
