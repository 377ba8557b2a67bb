/** The one store of what was read from the API. */
import { QueryCache, QueryClient } from '@tanstack/react-query';
import { isOutage } from '../api/problem';
import { noteRead } from '../live/live';

const RETRIES_MAX = 2;

export const createQueries = (): QueryClient =>
  new QueryClient({
    queryCache: new QueryCache({
      onSuccess: () => noteRead(false),
      onError: (error) => noteRead(isOutage(error)),
    }),
    defaultOptions: {
      queries: {
        // The stream says what has changed; what it can't reach is read again when somebody looks.
        staleTime: 5_000,
        // A browser that knows it is offline says so in each list at once, instead of loading for ever.
        networkMode: 'always',
        refetchOnReconnect: true,
        retry: (count, error) => count < RETRIES_MAX && isOutage(error),
      },
      // What moves money is sent again by a person, under the same key, and not by a timer.
      mutations: { retry: false, networkMode: 'always' },
    },
  });
