/** Executes batches: claims requests, runs a model, sends the results. Killed at any moment, nothing is lost or billed twice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { answer, type Answer, type ClaimedRequest } from './stubModel.js';

export type ExecutorOptions = {
  /** Ballast's address, and a key of role `service`. */
  url: string;
  key: string;
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

/** `stop` resolves when what is in hand is answered. */
export function startExecutor({
  url,
  key,
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
        const { data: batches } = await ask<{ data: Batch[] }>('GET', '/v1/batches/claimable');
        let executed = 0;
        for (const batch of batches) {
          if (signal.aborted) return;
          executed += await work(batch);
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
