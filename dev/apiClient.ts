/** A small client of the public API for the programs in dev/. */

export interface Answer<T> {
  status: number;
  body: T;
  headers: Headers;
}

export interface Call {
  body?: unknown;
  idempotencyKey?: string;
  /** The account a service key acts for, where no address names it. */
  accountId?: string;
  /** Other answers are thrown. @default any 2xx */
  accept?: number[];
}

export interface Api {
  request<T>(method: string, path: string, call?: Call): Promise<Answer<T>>;
  get<T>(path: string): Promise<T>;
}

/** An answer that was not accepted. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly headers: Headers,
    call: string,
    text: string,
  ) {
    super(`${call} answered ${status}: ${text.slice(0, 500)}`);
  }
}

const timeoutMs = 60_000;

export function createApi(url: string, key: string): Api {
  async function request<T>(
    method: string,
    path: string,
    { body, idempotencyKey, accountId, accept }: Call = {},
  ): Promise<Answer<T>> {
    const options: RequestInit = {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(idempotencyKey && { 'idempotency-key': idempotencyKey }),
        ...(accountId && { 'x-account-id': accountId }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    };
    const response = await fetch(`${url}${path}`, options).catch((error: Error) => {
      throw new Error(`${url} does not answer (${error.cause instanceof Error ? error.cause.message : error.message})`);
    });
    const text = await response.text();
    const accepted = accept ? accept.includes(response.status) : response.ok;
    if (!accepted) throw new ApiError(response.status, response.headers, `${method} ${path}`, text);
    return { status: response.status, body: (text ? JSON.parse(text) : null) as T, headers: response.headers };
  }
  return { request, get: async <T>(path: string) => (await request<T>('GET', path)).body };
}
