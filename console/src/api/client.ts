/** The one way to the API: typed by its document, by cookie, with problems as errors. */
import createClient, { type Middleware } from 'openapi-fetch';
import { isUnattended } from './attended';
import { ProblemError, toProblemBody, type ProblemBody } from './problem';
import type { components, paths } from './schema';

export type Schemas = components['schemas'];

type Listener = (status: 401 | 403) => void;
let onRefused: Listener = () => undefined;
/** Told when an answer says that the session has ended (401), or that its role may not ask this (403). */
export const listenRefused = (listener: Listener): void => void (onRefused = listener);

export function noteRefusal(status: number, body: ProblemBody | null): void {
  if (status === 401 || (status === 403 && body?.code === 'forbidden')) onRefused(status);
}

/** Turns whatever is no success into an error, so that a query or a mutation fails where it should. */
const problems: Middleware = {
  async onResponse({ response, schemaPath }) {
    if (response.ok) return undefined;
    const body = toProblemBody(await response.json().catch(() => null));
    if (!schemaPath.startsWith('/v1/session')) noteRefusal(response.status, body);
    throw new ProblemError(response.status, body, response.headers.get('retry-after'));
  },
};

/** What nobody has asked for is answered as usual, and is no use of the session: it ends after two hours without one. */
const attendance: Middleware = {
  onRequest({ request }) {
    if (isUnattended()) request.headers.set('X-Ballast-Unattended', '1');
  },
};

export const api = createClient<paths>({ baseUrl: window.location.origin, credentials: 'same-origin' });
api.use(attendance, problems);

/** The data of an answer: errors are thrown before, so it is there. As JSON: text, such as CSV, is asked for elsewhere. */
export async function data<T>(asked: Promise<{ data?: T }>): Promise<Exclude<NonNullable<T>, string>> {
  return (await asked).data as Exclude<NonNullable<T>, string>;
}

type OfAccount = { path: { id: string } };
/** The parameters of a route of one account. */
export function ofAccount(id: string): { params: OfAccount };
export function ofAccount<Query extends object>(id: string, query: Query): { params: OfAccount & { query: Query } };
export function ofAccount(id: string, query?: object) {
  return { params: { path: { id }, ...(query && { query }) } };
}

/** Options that ask for a list as CSV: whole, not by the page. */
export const AS_CSV = { headers: { Accept: 'text/csv' }, parseAs: 'blob' } as const;

/** A list that was asked for AS_CSV. It may be long: the browser keeps it, not the page. */
export const csv = async (asked: Promise<{ data?: Blob }>): Promise<Blob> => (await asked).data!;
