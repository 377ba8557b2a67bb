/** Everything that callers do, at a steady rate for as long as it is not stopped: usage, gates, holds, payments, reloads, batches, followers. */
import { randomUUID } from 'node:crypto';
import { get, type ClientRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApi, type Api } from '../../dev/apiClient';
import { startExecutor } from '../../examples/batch-executor/executor';
import type { MeasuredBallast } from '../ballast';
import { putBatchModel, sendBatchFile } from '../batchInput';
import type { Owner } from '../owners';
import { makeEvents, MODEL } from '../usage';

export type Traffic = {
  /** What was done since the start, by its name. */
  readonly done: ReadonlyMap<string, number>;
  /** What was not answered as it should have been, and how often. */
  readonly failures: ReadonlyMap<string, number>;
  /** Resolves when what is under way is answered. */
  stop(): Promise<void>;
};

export type Cast = {
  serviceKey: string;
  /** With more money than all of this takes. */
  rich: readonly string[];
  /** With a card and auto-reload on. */
  payers: readonly Owner[];
  /** A file of a job's requests. */
  batchFile: string;
};

/** Each as often as one machine of two cores bears beside the others without a queue. */
const EVERY_MS = { usage: 50, gate: 5, hold: 250, crossing: 10_000, prepayment: 20_000, batch: 15_000 };
const EVENTS_PER_REQUEST = 10;
const FOLLOWERS = 20;
/** Each so many-th hold is left to expire, by itself, after so long. */
const LEFT_HOLD = 10;
const HOLD_SECONDS = 30;
/** Input tokens that cost $16: of $25 or more, they lead to the threshold of $10, and one reload leads away from it. */
const CROSSING_TOKENS = 16_000_000;

export async function startTraffic(ballast: MeasuredBallast, cast: Cast): Promise<Traffic> {
  await putBatchModel(ballast);
  const service = createApi(ballast.url, cast.serviceKey);
  const stopping = new AbortController();
  const done = new Map<string, number>();
  const failures = new Map<string, number>();
  const fail = (what: string): void => void failures.set(what, (failures.get(what) ?? 0) + 1);
  const underWay = new Set<Promise<void>>();

  /** Begun at its time whether or not earlier ones are answered, as callers do. */
  async function keepDoing(name: keyof typeof EVERY_MS, work: (nth: number) => Promise<unknown>): Promise<void> {
    const startMs = performance.now();
    for (let nth = 0; !stopping.signal.aborted; nth++) {
      const doing = work(nth).then(
        () => void done.set(name, (done.get(name) ?? 0) + 1),
        (error: Error) => fail(`${name}: ${error.message.replace(/accounts\/[^/ ]+/, 'accounts/…')}`),
      );
      underWay.add(doing);
      void doing.then(() => underWay.delete(doing));
      const dueMs = startMs + (nth + 1) * EVERY_MS[name] - performance.now();
      await sleep(Math.max(0, dueMs), undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  const richOf = (nth: number): string => cast.rich[nth % cast.rich.length]!;
  const payerOf = (nth: number): Owner => cast.payers[nth % cast.payers.length]!;
  const followers = cast.payers.slice(0, FOLLOWERS).map((payer) => follow(ballast, payer, fail));
  const executor = startExecutor({
    url: ballast.url,
    key: cast.serviceKey,
    idleMs: 500,
    onError: (error) => fail(`executor: ${(error as Error).message}`),
  });
  const loops = [
    keepDoing('usage', () => report(service, makeEvents(EVENTS_PER_REQUEST, cast.rich))),
    keepDoing('gate', (nth) => service.get(`/v1/accounts/${richOf(nth)}/gate`)),
    keepDoing('hold', (nth) => hold(service, richOf(nth), nth)),
    keepDoing('crossing', (nth) =>
      report(service, [
        { id: randomUUID(), accountId: payerOf(nth).id, model: MODEL, inputTokens: CROSSING_TOKENS, outputTokens: 0 },
      ]),
    ),
    keepDoing('prepayment', (nth) => prepay(payerOf(nth))),
    keepDoing('batch', () => createBatch(ballast, service, cast)),
  ];
  return {
    done,
    failures,
    async stop() {
      stopping.abort();
      await Promise.all(loops);
      await Promise.all(underWay);
      await executor.stop();
      followers.forEach((follower) => follower.destroy());
    },
  };
}

const report = (service: Api, events: readonly object[]): Promise<unknown> =>
  service.request('POST', '/v1/usage', { body: { events } });

async function hold(service: Api, accountId: string, nth: number): Promise<void> {
  const path = `/v1/accounts/${accountId}/holds`;
  const { body } = await service.request<{ id: string }>('POST', path, {
    body: { amount: '0.05', expiresInSeconds: HOLD_SECONDS },
    idempotencyKey: randomUUID(),
  });
  if (nth % LEFT_HOLD === 0) return;
  if (nth % 2 === 0)
    return void (await service.request('POST', `${path}/${body.id}/release`, { idempotencyKey: randomUUID() }));
  const [event] = makeEvents(1, [accountId]);
  await report(service, [{ ...event!, holdId: body.id }]);
}

const prepay = ({ id, api }: Owner): Promise<unknown> =>
  api.request('POST', `/v1/accounts/${id}/prepayments`, {
    body: { amount: '5.00' },
    idempotencyKey: randomUUID(),
  });

async function createBatch(
  { url }: MeasuredBallast,
  service: Api,
  { serviceKey, rich, batchFile }: Cast,
): Promise<void> {
  const accountId = rich[0]!;
  const file = await sendBatchFile({ url, serviceKey, accountId }, batchFile);
  await service.request('POST', '/v1/batches', {
    body: { input_file_id: file, endpoint: '/v1/chat/completions', completion_window: '24h' },
    accountId,
  });
}

/** Follows an account's stream, which must not end by itself. */
function follow({ url }: MeasuredBallast, { id, key }: Owner, fail: (what: string) => void): ClientRequest {
  const asked = get(`${url}/v1/accounts/${id}/stream`, { headers: { authorization: `Bearer ${key}` } }, (response) => {
    if (response.statusCode !== 200) fail(`stream: answered ${response.statusCode}`);
    response.resume().on('end', () => fail('stream: it ended'));
  });
  return asked.on('error', (error) => asked.destroyed || fail(`stream: ${error.message}`));
}
