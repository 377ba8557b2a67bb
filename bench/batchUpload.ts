/** Figure 19: the upload of a batch file of the largest size against parsing its lines, and the memory that uploads take. */
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { createApi } from '../dev/apiClient';
import { memoryOf } from './apiProcess';
import type { MeasuredBallast } from './ballast';
import { putBatchModel, sendBatchFile, writeBatchFile, type Sender } from './batchInput';
import { summarize, type Figure } from './results';
import { prepareUsage } from './usage';

const BYTES_PER_LINE = 4_000;
const AT_ONCE = 8;

/** @param size of lines: 50,000 make 200 MB */
export async function batchUpload(ballast: MeasuredBallast, runs: number, lines: number): Promise<Figure[]> {
  await putBatchModel(ballast);
  const { serviceKey, accountIds, pool } = await prepareUsage(ballast, 1);
  const sender: Sender = { url: ballast.url, serviceKey, accountId: accountIds[0]! };
  const folder = mkdtempSync(join(tmpdir(), 'ballast-bench-upload-'));
  const path = join(folder, 'requests.jsonl');
  await writeBatchFile(path, lines, BYTES_PER_LINE);
  const [ratios, alone, together]: [number[], number[], number[]] = [[], [], []];
  for (let run = 0; run < runs; run++) {
    await restartBatches(ballast);
    alone.push(await peakAboveIdle(ballast, () => sendAndDelete(sender, path, 1)));
    await restartBatches(ballast);
    together.push(await peakAboveIdle(ballast, () => sendAndDelete(sender, path, AT_ONCE)));
    // The process has warmed up by the uploads before, and so has the parser by the run before; its first run is left out.
    if (run === 0) await parseSeconds(path);
    await untilErased(pool);
    const parse = await parseSeconds(path);
    ratios.push(parse / (await sendAndDelete(sender, path, 1)));
  }
  await pool.end();
  rmSync(folder, { recursive: true });
  const megabytes = Math.round((lines * BYTES_PER_LINE) / 1e6);
  return [
    summarize(
      '19',
      `upload of ${megabytes} MB and ${lines} lines, checked and stored ÷ reading and JSON.parse of its lines in one thread, bytes per second`,
      'ratio',
      ratios,
    ),
    summarize('19one', `memory of the API's processes above idle, one upload of ${megabytes} MB`, 'MB', alone),
    summarize('19eight', `memory of the API's processes above idle, ${AT_ONCE} such uploads at once`, 'MB', together),
  ];
}

/** Returns the seconds until all were answered. */
async function sendAndDelete(sender: Sender, path: string, count: number): Promise<number> {
  const startedMs = performance.now();
  const ids = await Promise.all(Array.from({ length: count }, () => sendBatchFile(sender, path)));
  const seconds = (performance.now() - startedMs) / 1_000;
  for (const id of ids) {
    await fetch(`${sender.url}/v1/files/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${sender.serviceKey}`, 'x-account-id': sender.accountId },
    });
  }
  return seconds;
}

/** Nobody counts the tokens of an upload before any more, and its bytes are gone: what takes the processor is the next one. */
async function untilErased(pool: Pool): Promise<void> {
  for (;;) {
    const { rowCount } = await pool.query('select from files where not erased limit 1');
    if (rowCount === 0) return;
    await sleep(200);
  }
}

/** Reads the file and parses each of its lines. */
async function parseSeconds(path: string): Promise<number> {
  const startedMs = performance.now();
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(0x0a); at !== -1; at = chunk.indexOf(0x0a, from)) {
      const line = chunk.subarray(from, at);
      JSON.parse((rest.length > 0 ? Buffer.concat([rest, line]) : line).toString());
      rest = Buffer.alloc(0);
      from = at + 1;
    }
    rest = Buffer.concat([rest, chunk.subarray(from)]);
  }
  return (performance.now() - startedMs) / 1_000;
}

const SAMPLE_MS = 20;

/** The most that the API's two processes have had together meanwhile, above what they had before, in megabytes. */
async function peakAboveIdle(ballast: MeasuredBallast, work: () => Promise<unknown>): Promise<number> {
  const memory = (): number => memoryOf(ballast.pidOf('api')) + memoryOf(ballast.pidOf('batches'));
  const idle = memory();
  let peak = idle;
  const timer = setInterval(() => (peak = Math.max(peak, memory())), SAMPLE_MS);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return peak - idle;
}

/** A process that has had uploads keeps some of their memory: each measurement is of a new one. */
async function restartBatches(ballast: MeasuredBallast): Promise<void> {
  const before = ballast.pidOf('batches');
  process.kill(before, 'SIGKILL');
  const api = createApi(ballast.url, ballast.adminKey);
  for (const deadlineMs = performance.now() + 60_000; performance.now() < deadlineMs; await sleep(200)) {
    const isNew = isRunning(ballast, before);
    if (isNew && (await api.request('GET', '/v1/batches/claimable', { accept: [200, 403, 503] })).status !== 503)
      return void (await sleep(2_000)); // it is idle by then
  }
  throw new Error('the process of files and batches did not start again');
}

function isRunning(ballast: MeasuredBallast, before: number): boolean {
  try {
    return ballast.pidOf('batches') !== before;
  } catch {
    return false; // it is being started again
  }
}
