/** Usage in 100-event requests from a process of its own, so that its work does not delay what is measured beside it. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { performance } from 'node:perf_hooks';
import { makeBodies, postOne } from './usage';

export type IngestLoad = {
  url: string;
  serviceKey: string;
  accountIds: readonly string[];
  seconds: number;
  /** Events. @default as many as eight connections bear */
  perSecond?: number;
};

export type IngestRun = { finished: Promise<{ perSecond: number }> };

const EVENTS = 100;
const CONNECTIONS = 8;
/** Made beforehand where no rate is given: more than can be sent. */
const PER_SECOND_MAX = 150_000;

/** Resolves as soon as events are being sent. */
export async function startIngest(wish: IngestLoad): Promise<IngestRun> {
  const child = fork(__filename, [JSON.stringify(wish)]);
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`The load of usage ended with exit code ${code}.`);
  });
  await Promise.race([once(child, 'message'), failed]);
  const finished = Promise.race([once(child, 'message').then(([result]) => result as { perSecond: number }), failed]);
  return { finished };
}

async function main({ url, serviceKey, accountIds, seconds, perSecond }: IngestLoad): Promise<void> {
  const bodies = makeBodies(Math.ceil((perSecond ?? PER_SECOND_MAX) * seconds), EVENTS, accountIds);
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const startMs = performance.now();
  const untilMs = startMs + seconds * 1_000;
  let next = 0;
  let taken = 0;
  process.send!('begun');
  const sender = async (): Promise<void> => {
    for (let i = next++; i < bodies.length && performance.now() < untilMs; i = next++) {
      const dueMs = perSecond === undefined ? 0 : startMs + (i * EVENTS * 1_000) / perSecond - performance.now();
      if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, dueMs));
      await postOne(agent, `${url}/v1/usage`, serviceKey, bodies[i]!);
      taken += EVENTS;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, sender));
  agent.destroy();
  process.send!({ perSecond: taken / ((performance.now() - startMs) / 1_000) }, () => process.disconnect());
}

if (require.main === module) {
  main(JSON.parse(process.argv[2]!) as IngestLoad).catch((error: Error) => {
    console.error(error.message);
    process.exit(1);
  });
}
