/** A caller that does not give up while processes die under its feet. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorCode } from '../domain/errors';

/** Of an answer that is no success, `body` is a problem. */
export type Reply<T> = { status: number; body: T; headers: Headers };
export type Caller = {
  /** Asked again until it is answered by something else than an outage. */
  ask<T = unknown>(
    method: string,
    path: string,
    more?: { body?: unknown; headers?: Record<string, string> },
  ): Promise<Reply<T>>;
  upload(lines: readonly string[]): Promise<Reply<{ id: string }>>;
  text(path: string): Promise<string>;
};

const ASK_MS_MAX = 30_000;
const GIVE_UP_MS = 10 * 60_000;

/**
 * @param places of one API process or several: after an outage the next one is asked
 * @param key null: without one, such as by cookie
 * @param giveUpMs after nothing but outages for so long it throws `NotServed`
 */
export function createCaller(places: string | readonly string[], key: string | null, giveUpMs = GIVE_UP_MS): Caller {
  const urls = typeof places === 'string' ? [places] : places;
  let nth = 0;
  async function insist<T>(what: string, ask: () => Promise<Reply<T>>): Promise<Reply<T>> {
    let last = '';
    for (const startedMs = performance.now(); performance.now() - startedMs < giveUpMs; await sleep(200)) {
      try {
        const answer = await ask();
        if (answer.status < 500) return answer;
        last = `${answer.status} ${JSON.stringify(answer.body)}`;
        // An outage says 503; anything else is a defect.
        if (answer.status !== 503) throw new Defect(`${what} was answered ${last}`);
      } catch (error) {
        if (error instanceof Defect) throw error;
        last = (error as Error).message;
      }
      nth++;
    }
    throw new NotServed(`${what} was not answered in ${giveUpMs / 1_000} s: ${last}`);
  }
  const send = async (method: string, path: string, init: RequestInit): Promise<Response> =>
    fetch(`${urls[nth % urls.length]}${path}`, {
      method,
      ...init,
      headers: { ...(key !== null && { authorization: `Bearer ${key}` }), ...(init.headers as Record<string, string>) },
      signal: AbortSignal.timeout(ASK_MS_MAX),
    });
  const json = async <T>(answer: Response): Promise<Reply<T>> => {
    const text = await answer.text();
    return { status: answer.status, body: (text === '' ? null : JSON.parse(text)) as T, headers: answer.headers };
  };

  return {
    ask: <T>(
      method: string,
      path: string,
      { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
    ) =>
      insist(`${method} ${path}`, async () =>
        json<T>(
          await send(method, path, {
            headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
            ...(body !== undefined && { body: JSON.stringify(body) }),
          }),
        ),
      ),
    upload: (lines) =>
      insist('the upload', async () => {
        const body = new FormData();
        body.set('purpose', 'batch');
        body.set('file', new Blob([lines.join('\n')]), 'requests.jsonl');
        return json<{ id: string }>(await send('POST', '/v1/files', { body }));
      }),
    async text(path) {
      const { body } = await insist(`GET ${path}`, async () => {
        const answer = await send('GET', path, {});
        return { status: answer.status, body: await answer.text(), headers: answer.headers };
      });
      return body;
    },
  };
}

/**
 * An answer that was not meant is a defect, whatever was killed.
 * @param meant statuses of successes, and codes of problems
 * @throws Defect
 */
export function expect<T>(reply: Reply<T>, what: string, ...meant: (number | ErrorCode)[]): Reply<T> {
  const { status, body } = reply;
  const problem = body as { code?: ErrorCode; error?: { code: ErrorCode } } | null;
  const said = status < 400 ? status : (problem?.code ?? problem?.error?.code);
  if (said === undefined || !meant.includes(said))
    throw new Defect(`${what} was answered ${status} ${JSON.stringify(body)}, not ${meant.join(' or ')}`);
  return reply;
}

/** The body of a success. @throws Defect for any other answer */
export async function must<T>(asked: Promise<Reply<T>>): Promise<T> {
  const reply = await asked;
  return expect(reply, 'what must succeed', 200, 201, 202, 204).body;
}

/** Nothing but outages was heard for too long. */
export class NotServed extends Error {}

/** An answer that must not be, whatever was killed. */
export class Defect extends Error {}
