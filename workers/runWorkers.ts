/** Runs the workers of Temporal's queues once Temporal answers, until they are told to stop. What needs only Postgres runs beside them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { NativeConnection, type Worker } from '@temporalio/worker';
import type { Logger } from 'pino';

const TRY_MS = 1_000;
/** Temporal answers in milliseconds, or is away. */
const ANSWER_MS_MAX = 10_000;

export type RunWorkersOptions = {
  address: string;
  /** For asking whether Temporal is there. */
  client: Client;
  create(connection: NativeConnection): Promise<Worker[]>;
  /** Called once they run. */
  onRunning(): void;
  log: Pick<Logger, 'warn'>;
  /** Aborted: they finish what is under way. */
  signal: AbortSignal;
};

/**
 * Resolves when all have stopped, or have never begun because `signal` came first. Throws when one fails for good, or when
 * Temporal goes away in the moment between its answer and their start: the process ends then, and waits when it starts again.
 */
export async function runWorkers({
  address,
  client,
  create,
  onRunning,
  log,
  signal,
}: RunWorkersOptions): Promise<void> {
  if (!(await isAnswered(client, log, signal))) return;
  const connection = await NativeConnection.connect({ address });
  const workers = await create(connection);
  const running = Promise.all(workers.map((worker) => worker.run()));
  const shutDown = (): void => workers.forEach((worker) => worker.shutdown());
  if (signal.aborted) shutDown();
  else {
    signal.addEventListener('abort', shutDown);
    onRunning();
  }
  await running;
  await connection.close();
}

/**
 * Tries until Temporal knows the namespace, and tells once that it does not. It is the client that asks: a native connection
 * that fails takes Temporal's runtime with it, and can't be given up before its time is over.
 * @returns false: the signal came first
 */
async function isAnswered(client: Client, log: Pick<Logger, 'warn'>, signal: AbortSignal): Promise<boolean> {
  const { namespace } = client.options;
  const ask = () => client.workflowService.describeNamespace({ namespace });
  for (let isTold = false; !signal.aborted; isTold = true) {
    const trouble = await unlessAborted(
      signal,
      client.withDeadline(Date.now() + ANSWER_MS_MAX, ask).then(
        () => null,
        (error: Error) => error,
      ),
    );
    if (trouble === null) return true;
    if (trouble && !isTold)
      log.warn(
        { error: trouble.message, namespace },
        'Temporal can not be reached: workflows wait for it, all else goes on',
      );
    await sleep(TRY_MS, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

/** Undefined when the signal comes first: a call that waits for its connection hears of no signal. `work` never rejects. */
function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const giveUp = (): void => resolve(undefined);
    signal.addEventListener('abort', giveUp);
    void work.then((answer) => {
      signal.removeEventListener('abort', giveUp);
      resolve(answer);
    });
  });
}
