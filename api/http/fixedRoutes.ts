/**
 * Routes at a fixed address, found by it before Express is asked: looking for them in Express costs more than a small
 * request of usage does in all. Whatever is not exactly such an address (a query, a slash more, another case or method)
 * is left to Express. Both give the request to the same dispatch, and a test compares their answers.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatch } from './dispatch';
import { toRequestId } from './requestId';
import type { Route } from './route';

/** Begins to answer a request that belongs to one of them; says whether it does. */
export type FixedRoutes = (request: IncomingMessage, response: ServerResponse) => boolean;

export function createFixedRoutes<Services>(
  routes: readonly Route<Services>[],
  dispatch: Dispatch<Services>,
): FixedRoutes {
  const fixed = routes.filter(({ path, takesAll }) => !path.includes(':') && !takesAll);
  const byAddress = new Map(fixed.map((route) => [`${route.method.toUpperCase()} ${route.path}`, route]));
  return (request, response) => {
    const route = byAddress.get(`${request.method} ${request.url}`);
    if (!route) return false;
    response.setHeader('X-Request-Id', toRequestId(request.headers['x-request-id']));
    void dispatch.answer(route, { request, response, params: {}, query: {}, path: route.path });
    return true;
  };
}
