/** Figures 7, 8 and 10: the gate over HTTP against the least that Express and Node can answer, alone and while usage comes in. */
import { startHello, type Running } from './apiProcess';
import type { MeasuredBallast } from './ballast';
import { startIngest } from './ingestLoad';
import { load, type LoadResult, type Target } from './load';
import { summarize, type Figure } from './results';
import { prepareUsage } from './usage';

const CONNECTIONS = 64;
/** Of what Express bears: both answer this, so that the latencies are of the same load. */
const SHARE_OF_EXPRESS = 0.8;

/** What is measured: a gate with its key, known by now. */
async function prepareGate(
  ballast: MeasuredBallast,
): Promise<{ gate: Target; serviceKey: string; accountIds: string[] }> {
  const { serviceKey, accountIds, pool } = await prepareUsage(ballast, 100);
  await pool.end();
  const gate = {
    port: Number(new URL(ballast.url).port),
    path: `/v1/accounts/${accountIds[0]}/gate`,
    headers: { Authorization: `Bearer ${serviceKey}` },
  };
  return { gate, serviceKey, accountIds };
}

const helloOf = ({ port }: Running): Target => ({ port, path: '/hello' });

/** Figure 7: requests per second, one after the other on each connection; then the latency of both at the same fixed rate. */
export async function gateOverExpress(ballast: MeasuredBallast, runs: number, seconds = 3): Promise<Figure[]> {
  const { gate } = await prepareGate(ballast);
  const express = await startHello('express');
  const rates: number[] = [];
  const latencies: number[] = [];
  for (let run = 0; run < runs; run++) {
    const [ofGate, ofExpress] = await inTurn(run, [gate, helloOf(express)], (target) =>
      load(target, { connections: CONNECTIONS, seconds }),
    );
    rates.push(ofGate.perSecond / ofExpress.perSecond);
    const rate = ofExpress.perSecond * SHARE_OF_EXPRESS;
    const [gateThen, expressThen] = await inTurn(run, [gate, helloOf(express)], (target) =>
      load(target, { connections: CONNECTIONS, seconds, rate }),
    );
    latencies.push(gateThen.p99 / expressThen.p99);
  }
  await express.stop();
  return [
    summarize(7, 'gate over HTTP ÷ Express hello, requests per second', 'ratio', rates),
    summarize(
      '7p99',
      `gate over HTTP ÷ Express hello, p99 at ${SHARE_OF_EXPRESS * 100}% of what Express bears`,
      'ratio',
      latencies,
    ),
  ];
}

/** Figure 8. */
export async function gateOverNodeHttp(ballast: MeasuredBallast, runs: number, seconds = 3): Promise<Figure[]> {
  const { gate } = await prepareGate(ballast);
  const node = await startHello('node');
  const rates: number[] = [];
  for (let run = 0; run < runs; run++) {
    const [ofGate, ofNode] = await inTurn(run, [gate, helloOf(node)], (target) =>
      load(target, { connections: CONNECTIONS, seconds }),
    );
    rates.push(ofGate.perSecond / ofNode.perSecond);
  }
  await node.stop();
  return [summarize(8, 'gate over HTTP ÷ bare node:http hello, requests per second', 'ratio', rates)];
}

const CHECKS_PER_SECOND = 1_000;

/** Figure 10: both at 1,000 requests a second, while usage comes in at half of what the API can take, in 100-event requests. */
export async function gateUnderIngest(ballast: MeasuredBallast, runs: number, seconds = 5): Promise<Figure[]> {
  const { gate, serviceKey, accountIds } = await prepareGate(ballast);
  const express = await startHello('express');
  const usage = { url: ballast.url, serviceKey, accountIds };
  const { perSecond } = await (await startIngest({ ...usage, seconds: 3 })).finished;
  const ratios: number[] = [];
  for (let run = 0; run < runs; run++) {
    const [ofGate, ofExpress] = await inTurn(run, [gate, helloOf(express)], async (target) => {
      const ingest = await startIngest({ ...usage, seconds: seconds + 1.5, perSecond: perSecond / 2 });
      const result = await load(target, { connections: CONNECTIONS, seconds, rate: CHECKS_PER_SECOND });
      await ingest.finished;
      return result;
    });
    ratios.push(ofGate.p99 / ofExpress.p99);
  }
  await express.stop();
  return [
    summarize(
      10,
      `gate ÷ Express hello, p99 at ${CHECKS_PER_SECOND} checks/s while ingest runs at half its maximum`,
      'ratio',
      ratios,
    ),
  ];
}

/** Measures the two one after the other, each first in every other run: what disturbs the machine then hits both alike. */
async function inTurn(
  run: number,
  [a, b]: [Target, Target],
  measure: (target: Target) => Promise<LoadResult>,
): Promise<[LoadResult, LoadResult]> {
  if (run % 2 === 0) return [await measure(a), await measure(b)];
  const second = await measure(b);
  return [await measure(a), second];
}
