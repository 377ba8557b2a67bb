/** Figure 4b: single-event POSTs against a bare node:http server that reads the body, parses it and answers as long an answer. */
import { randomUUID } from 'node:crypto';
import { startHello } from './apiProcess';
import type { MeasuredBallast } from './ballast';
import { load, type Target } from './load';
import { summarize, type Figure } from './results';
import { makeEvents, prepareUsage } from './usage';

/** Each side is taken at its best: ours needs more callers at once, because they share commits. */
const CONNECTIONS = [64, 128, 256, 512];

export async function singlesOverNodeHttp(ballast: MeasuredBallast, runs: number, seconds = 2): Promise<Figure[]> {
  const { serviceKey, accountIds, pool } = await prepareUsage(ballast, 1_000);
  await pool.end();
  const nextBody = createBodies(accountIds);
  const headers = { Authorization: `Bearer ${serviceKey}` };
  const usage: Target = { port: Number(new URL(ballast.url).port), path: '/v1/usage', headers, nextBody };
  const bare = await startHello('body', await answerLength(ballast, headers, nextBody()));
  const ratios: number[] = [];
  const rates: number[] = [];
  for (let run = 0; run < runs; run++) {
    const ours = await best(usage, seconds);
    ratios.push(ours / (await best({ ...usage, port: bare.port }, seconds)));
    rates.push(ours);
  }
  await bare.stop();
  return [
    summarize('4b', 'single-event POSTs ÷ bare node:http with the same bodies and as long an answer', 'ratio', ratios),
    summarize('4brate', 'single-event POSTs, of 64 to 512 connections the best', 'events/s', rates),
  ];
}

async function best(target: Target, seconds: number): Promise<number> {
  const rates: number[] = [];
  for (const connections of CONNECTIONS) rates.push((await load(target, { connections, seconds })).perSecond);
  return Math.max(...rates);
}

/** Bodies of one length, each with an event of its own, the accounts in turn. */
function createBodies(accountIds: readonly string[]): () => string {
  const width = Math.max(...accountIds.map((id) => id.length));
  const ofOneLength = accountIds.filter((id) => id.length === width);
  const run = randomUUID().slice(0, 23);
  const bodies = makeEvents(ofOneLength.length, ofOneLength).map((event) =>
    JSON.stringify({ events: [event] }).split(event.id),
  );
  let sent = 0;
  return () => {
    const [before, after] = bodies[sent % bodies.length]!;
    return `${before}${run}-${String(sent++).padStart(12, '0')}${after}`;
  };
}

async function answerLength({ url }: MeasuredBallast, headers: Record<string, string>, body: string): Promise<number> {
  const response = await fetch(`${url}/v1/usage`, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body,
  });
  return (await response.text()).length;
}
