/** Executes batches: claims requests, runs a model, sends the results. Killed at any moment, nothing is lost or billed twice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { answer, type Answer, type ClaimedRequest } from './stubModel.js';

export type ExecutorOptions = {
  /** Ballast's address, and a key of role `service`. */
  url: string;
  key: string;
  /** Executes batches of this model only. @default of all */
  model?: string | undefined;
  /** Its own rate limit: a batch must not take what real-time requests need. @default 6000 */
  requestsPerMinute?: number;
  /** How often it looks for work when there was none. @default 1000 */
  idleMs?: number;
  onError?(error: unknown): void;
};

/** Claimed at once. A lease is longer than these take; what is not answered in time is handed out again. */
const CLAIM_MAX = 100;
const LEASE_SECONDS = 120;

type Batch = { id: string; endpoint: string };
type Page = { data: Batch[]; nextCursor: string | null };

/** `stop` resolves when what is in hand is answered. */
export function startExecutor({
  url,
  key,
  model,
  requestsPerMinute = 6_000,
  idleMs = 1_000,
  onError = () => undefined,
}: ExecutorOptions): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal }).catch(() => undefined);

  async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** All jobs with requests to execute, oldest first, page by page. */
  async function* claimable(): AsyncGenerator<Batch> {
    for (let cursor: string | null = ''; cursor !== null;) {
      const query = new URLSearchParams({ ...(model !== undefined && { model }), ...(cursor && { cursor }) });
      const page: Page = await ask('GET', `/v1/batches/claimable?${query.toString()}`);
      yield* page.data;
      cursor = page.nextCursor;
    }
  }

  /** Answers how many requests of the job it has executed. */
  async function work({ id, endpoint }: Batch): Promise<number> {
    const { data } = await ask<{ data: ClaimedRequest[] }>('POST', `/v1/batches/${id}/claims`, {
      limit: CLAIM_MAX,
      leaseSeconds: LEASE_SECONDS,
    });
    if (data.length === 0) return 0;
    const startedMs = performance.now();
    const results: Answer[] = data.map((request) => answer(endpoint, request));
    // Sent again after a lost answer, they are duplicates and change nothing.
    await ask('POST', `/v1/batches/${id}/results`, { results });
    await pause((data.length / requestsPerMinute) * 60_000 - (performance.now() - startedMs));
    return data.length;
  }

  async function loop(): Promise<void> {
    while (!signal.aborted) {
      try {
        let executed = 0;
        for await (const batch of claimable()) {
          if (signal.aborted) return;
          // A job that can't be executed now holds up no other.
          executed += await work(batch).catch((error: unknown) => (onError(error), 0));
        }
        if (executed === 0) await pause(idleMs);
      } catch (error) {
        onError(error);
        await pause(idleMs);
      }
    }
  }

  const finished = loop();
  return {
    async stop() {
      stopping.abort();
      await finished;
    },
  };
}
