/** Posts a trace as usage: at its own pace or as fast as it goes, a few requests in flight. */
import { ApiError, type Api } from './apiClient';
import { sleep } from './commands';
import type { TraceRow } from './traceFile';

export interface PostOptions {
  service: Api;
  accountId: string;
  model: string;
  /** Event ids are this, a dash and the row, so that the same file again is all duplicates. */
  idPrefix: string;
  /** Times the trace's own pace; Infinity does not wait. */
  speed: number;
  onProgress: (rows: number) => void;
}

export interface Posted {
  accepted: number;
  duplicates: number;
  rejected: { id: string; code: string; message: string }[];
}

const eventsPerRequestMax = 1_000;
const requestsInFlight = 4;
const shortestWaitMs = 20; // gathers what arrives close together into one request
const giveUpAfterMs = 60_000;

export async function postTrace(rows: AsyncIterable<TraceRow>, options: PostOptions): Promise<Posted> {
  const posted: Posted = { accepted: 0, duplicates: 0, rejected: [] };
  const batches = inBatches(rows, options.speed);
  const work = async () => {
    for await (const batch of sharedBetweenWorkers(batches)) {
      const answer = await postBatch(batch, options);
      posted.accepted += answer.accepted;
      posted.duplicates += answer.duplicates;
      posted.rejected.push(...answer.rejected);
      options.onProgress(batch.length);
    }
  };
  await Promise.all(Array.from({ length: requestsInFlight }, work));
  return posted;
}

/** `for await` closes a generator it leaves; one worker that ends must not take the rest from the others. */
function sharedBetweenWorkers<T>(generator: AsyncGenerator<T>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => ({ next: () => generator.next() }) };
}

/** Gives out the rows that are due: whenever the next one is not yet, or a request is full. */
async function* inBatches(rows: AsyncIterable<TraceRow>, speed: number): AsyncGenerator<TraceRow[]> {
  const startedAt = Date.now();
  let firstArrivalMs: number | undefined;
  let batch: TraceRow[] = [];
  for await (const row of rows) {
    firstArrivalMs ??= row.arrivalMs;
    const waitMs = startedAt + (row.arrivalMs - firstArrivalMs) / speed - Date.now();
    if (batch.length === eventsPerRequestMax || (waitMs > 0 && batch.length > 0)) {
      yield batch;
      batch = [];
    }
    if (waitMs > 0) await sleep(Math.max(waitMs, shortestWaitMs));
    batch.push(row);
  }
  if (batch.length > 0) yield batch;
}

/** Asks again under the same ids while the service is away or busy. */
async function postBatch(batch: TraceRow[], { service, accountId, model, idPrefix }: PostOptions): Promise<Posted> {
  const events = batch.map(({ index, inputTokens, outputTokens }) => ({
    id: `${idPrefix}-${index}`,
    accountId,
    model,
    inputTokens,
    outputTokens,
  }));
  const giveUpAt = Date.now() + giveUpAfterMs;
  for (;;) {
    try {
      return (await service.request<Posted>('POST', '/v1/usage', { body: { events } })).body;
    } catch (error) {
      const waitMs = retryAfterMs(error);
      if (waitMs === null || Date.now() + waitMs > giveUpAt) throw error;
      await sleep(waitMs);
    }
  }
}

/** null: asking again would not help. */
function retryAfterMs(error: unknown): number | null {
  if (!(error instanceof ApiError)) return 500; // no answer at all
  if (error.status !== 429 && error.status < 500) return null;
  return Number(error.headers.get('retry-after') ?? 1) * 1_000;
}
