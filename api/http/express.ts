/** Express finds the route of a request; `dispatch` does the rest. Nothing else of the API knows Express, but the pages. */
import express, { type Express, type Request, type RequestHandler, type Response, type Router } from 'express';
import { Problem } from '../../domain/errors';
import type { Asked, Dispatch } from './dispatch';
import { toReply } from './problems';
import { toRequestId } from './requestId';
import type { Route } from './route';
import { send } from './send';

/** @param pages what is no route: HTML and documents */
export function createExpress<Services>(
  routes: readonly Route<Services>[],
  dispatch: Dispatch<Services>,
  pages: readonly Router[],
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.enable('case sensitive routing');
  app.use(requestIds);
  for (const path of literalFirst(routes)) {
    const here = routes.filter((route) => route.path === path);
    for (const route of here) {
      app[route.takesAll ? 'use' : route.method](path, (request: Request, response: Response) =>
        dispatch.answer(route, toAsked(request, response)),
      );
    }
    app.all(path, answerMethodNotAllowed(here));
  }
  for (const router of pages) app.use(router);
  app.use(answerNotFound);
  app.use((error: unknown, request: Request, response: Response, _next: unknown) =>
    dispatch.refuse(toBroken(error), toAsked(request, response)),
  );
  return app;
}

/** Each path once, those with fewer parameters first: `…/prepayments/checkout` is never the prepayment of that name. */
const literalFirst = (routes: readonly Pick<Route, 'path'>[]): string[] =>
  [...new Set(routes.map(({ path }) => path))].sort((a, b) => a.split(':').length - b.split(':').length);

const toAsked = (request: Request, response: Response): Asked => ({
  request,
  response,
  params: request.params,
  query: request.query,
  path: request.baseUrl + request.path,
});

const requestIds: RequestHandler = (request, response, next) => {
  response.setHeader('X-Request-Id', toRequestId(request.headers['x-request-id']));
  next();
};

const answerNotFound: RequestHandler = (request, response) =>
  send(response, toReply(new Problem('not_found', `There is nothing at ${request.path}.`)));

/** A path that exists, asked with a method that it has not. */
function answerMethodNotAllowed(routes: readonly Pick<Route, 'method' | 'errors'>[]): RequestHandler {
  const methods = routes.map(({ method }) => method.toUpperCase()).join(', ');
  return (request, response) => {
    response.setHeader('Allow', methods);
    const problem = new Problem('method_not_allowed', `${request.method} is not among ${methods}.`);
    send(response, toReply(problem, routes[0]!.errors));
  };
}

/** What Express itself refuses, such as a path with a broken escape. */
function toBroken(error: unknown): unknown {
  const { status } = error as { status?: unknown };
  return typeof status === 'number' && status < 500
    ? new Problem('invalid_request', 'The address is malformed.')
    : error;
}
