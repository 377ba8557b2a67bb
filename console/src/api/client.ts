/** The one way to the API: typed by its document, by cookie, with problems as errors. */
import createClient, { type Middleware } from 'openapi-fetch';
import { ProblemError, toProblemBody } from './problem';
import type { components, paths } from './schema';

export type Schemas = components['schemas'];

/** Told when an answer says that nobody is signed in any more. */
type Listener = () => void;
const onSignedOut = new Set<Listener>();
export function listenSignedOut(listener: Listener): () => void {
  onSignedOut.add(listener);
  return () => void onSignedOut.delete(listener);
}

export const tellSignedOut = (): void => onSignedOut.forEach((tell) => tell());

/** Turns whatever is no success into an error, so that a query or a mutation fails where it should. */
const problems: Middleware = {
  async onResponse({ response, schemaPath }) {
    if (response.ok) return undefined;
    const body = toProblemBody(await response.json().catch(() => null));
    if (response.status === 401 && !schemaPath.startsWith('/v1/session')) tellSignedOut();
    throw new ProblemError(response.status, body, response.headers.get('retry-after'));
  },
};

export const api = createClient<paths>({ baseUrl: window.location.origin, credentials: 'same-origin' });
api.use(problems);

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
