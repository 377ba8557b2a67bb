/** A full load of batches, from a process of its own: files are uploaded without a pause, made into jobs, and executed. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { startExecutor } from '../examples/batch-executor/executor';
import { takeLowPriority } from '../telemetry/priority';
import { sendBatchFile, type Sender } from './batchInput';

export type BatchLoad = Sender & { path: string };
export type RunningLoad = {
  /** Resolves when its jobs have ended; answers how many there were. */
  stop(): Promise<number>;
};

const UPLOADERS = 2;
const EXECUTORS = 2;
/** They execute as much as they get. */
const REQUESTS_PER_MINUTE = 10_000_000;
/** Uploads wait while so many jobs are open, so that there is an end to what is to be executed. */
const OPEN_JOBS_MAX = 6;

/** Resolves when the first job is being executed. */
export async function startBatchLoad(wish: BatchLoad): Promise<RunningLoad> {
  const child = fork(__filename, [JSON.stringify(wish)], { detached: true });
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`The load of batches ended with exit code ${code}.`);
  });
  failed.catch(() => undefined);
  await Promise.race([once(child, 'message'), failed]);
  return {
    async stop() {
      const ended = once(child, 'message');
      child.send('stop');
      const [jobs] = (await Promise.race([ended, failed])) as [number];
      return jobs;
    },
  };
}

async function main({ path, ...sender }: BatchLoad): Promise<void> {
  // Callers and executors are other machines: here they take what nothing else needs.
  takeLowPriority();
  const ask = async (method: string, at: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${sender.url}${at}`, {
      method,
      headers: {
        authorization: `Bearer ${sender.serviceKey}`,
        'x-account-id': sender.accountId,
        'content-type': 'application/json',
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${at} was answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
  let stopping = false;
  let jobs = 0;
  const open = new Set<string>();

  async function upload(): Promise<void> {
    while (!stopping) {
      const file = await sendBatchFile(sender, path);
      const wish = { input_file_id: file, endpoint: '/v1/chat/completions', completion_window: '24h' };
      const { id } = (await ask('POST', '/v1/batches', wish)) as { id: string };
      jobs += 1;
      open.add(id);
      while (!stopping && open.size >= OPEN_JOBS_MAX) await sleep(50);
    }
  }
  async function watch(): Promise<void> {
    for (let told = false; !stopping || open.size > 0; await sleep(200))
      for (const id of [...open]) {
        const { status, request_counts: counts } = (await ask('GET', `/v1/batches/${id}`)) as {
          status: string;
          request_counts: { completed: number };
        };
        if (!told && counts.completed > 0) told = process.send!('begun');
        if (status === 'completed') open.delete(id);
        else if (status === 'failed' || status === 'expired') throw new Error(`the job ${id} is ${status}`);
      }
  }

  process.on('message', () => (stopping = true));
  // Whoever measures has gone, and this process is in a session of its own.
  process.once('disconnect', () => process.exit());
  const executors = Array.from({ length: EXECUTORS }, () =>
    startExecutor({ ...sender, key: sender.serviceKey, requestsPerMinute: REQUESTS_PER_MINUTE, idleMs: 50 }),
  );
  await Promise.all([watch(), ...Array.from({ length: UPLOADERS }, upload)]);
  await Promise.all(executors.map((executor) => executor.stop()));
  process.send!(jobs, () => process.disconnect());
}

if (require.main === module) {
  main(JSON.parse(process.argv[2]!) as BatchLoad).catch((error: Error) => {
    console.error(error.message);
    process.exit(1);
  });
}
