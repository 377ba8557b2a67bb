/** A caller that does not give up while processes die under its feet. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Of an answer that is no success, `body` is a problem. */
export type Reply<T> = { status: number; body: T };
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

/** @throws when nothing but outages was heard for ten minutes */
export function createCaller(url: string, key: string): Caller {
  async function insist<T>(
    what: string,
    ask: () => Promise<{ status: number; value: T }>,
  ): Promise<{ status: number; value: T }> {
    let last = '';
    for (const startedMs = performance.now(); performance.now() - startedMs < GIVE_UP_MS; await sleep(200)) {
      try {
        const answer = await ask();
        if (answer.status < 500) return answer;
        last = `${answer.status} ${JSON.stringify(answer.value)}`;
        // An outage says 503; anything else is a defect.
        if (answer.status !== 503) throw new Defect(`${what} was answered ${last}`);
      } catch (error) {
        if (error instanceof Defect) throw error;
        last = (error as Error).message;
      }
    }
    throw new Error(`${what} was not answered in ten minutes: ${last}`);
  }
  const send = async (method: string, path: string, init: RequestInit): Promise<Response> =>
    fetch(`${url}${path}`, {
      method,
      ...init,
      headers: { authorization: `Bearer ${key}`, ...(init.headers as Record<string, string>) },
      signal: AbortSignal.timeout(ASK_MS_MAX),
    });
  const json = async (answer: Response) => ({ status: answer.status, value: await answer.json() });

  return {
    async ask<T>(
      method: string,
      path: string,
      { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
    ) {
      const { status, value } = await insist(`${method} ${path}`, async () =>
        json(
          await send(method, path, {
            headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
            ...(body !== undefined && { body: JSON.stringify(body) }),
          }),
        ),
      );
      return { status, body: value as T };
    },
    async upload(lines) {
      const { status, value } = await insist('the upload', async () => {
        const body = new FormData();
        body.set('purpose', 'batch');
        body.set('file', new Blob([lines.join('\n')]), 'requests.jsonl');
        return json(await send('POST', '/v1/files', { body }));
      });
      return { status, body: value as { id: string } };
    },
    async text(path) {
      const { value } = await insist(`GET ${path}`, async () => {
        const answer = await send('GET', path, {});
        return { status: answer.status, value: await answer.text() };
      });
      return value;
    },
  };
}

/** An answer that must not be, whatever was killed. */
class Defect extends Error {}
