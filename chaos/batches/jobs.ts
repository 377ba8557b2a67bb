/** A job of the campaign: created, brought to one of its ends, and looked at when it has ended. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { indexOf } from '../../batches/requestIndex';
import { readCountAttempt } from '../../ledger/files/readCountAttempt';
import type { Random } from '../random';
import { expect, type Caller } from '../caller';
import { lineOf, MODEL } from './model';

export const FATES = ['complete', 'cancel', 'expire', 'fail', 'lose its input'] as const;
export type Fate = (typeof FATES)[number];
export type EndedJob = {
  id: string;
  accountId: string;
  fate: Fate;
  status: string;
  customIds: string[];
  outputFileId: string | null;
  errorFileId: string | null;
};

export type JobOptions = {
  nth: number;
  accountId: string;
  caller: Caller;
  /** As the owner of the tables: to let a window end early. */
  pool: Pool;
  filesDir: string;
  random: Random;
};

const ENDED = ['completed', 'failed', 'expired', 'cancelled'];
/** A job may have to wait for a lease, a heartbeat, a claim of a counter that was killed. */
const END_MS_MAX = 15 * 60_000;

export async function runJob({ nth, accountId, caller, pool, filesDir, random }: JobOptions): Promise<EndedJob> {
  const fate = random.chance(0.4) ? 'complete' : random.pick(FATES);
  const customIds = Array.from({ length: random.between(1, 12) }, (_, line) => `job-${nth}-${line + 1}`);
  const delayMs = random.between(0, 4_000);

  const { body: file } = expect(await caller.upload(customIds.map(lineOf)), 'an upload', 200);
  if (fate === 'fail') {
    await countedOf(caller, file.id);
    await rm(join(filesDir, indexOf(file.id, await readCountAttempt(pool, file.id))));
  }
  const created = await caller.ask<{ id: string }>('POST', '/v1/batches', {
    body: { input_file_id: file.id, endpoint: '/v1/chat/completions', completion_window: '24h' },
    headers: { 'idempotency-key': `campaign-${nth}` },
  });
  const { id } = expect(created, `job ${nth} of ${MODEL}`, 200).body;

  await sleep(delayMs);
  if (fate === 'cancel') expect(await caller.ask('POST', `/v1/batches/${id}/cancel`), 'a cancel', 200, 'batch_ended');
  if (fate === 'expire')
    await pool.query(
      'update batches set expires_at = clock_timestamp(), unseen = true, start_at = clock_timestamp() where id = $1',
      [id],
    );
  if (fate === 'lose its input') await rm(join(filesDir, file.id), { force: true });
  const { status, output_file_id: outputFileId, error_file_id: errorFileId } = await endOf(caller, id);
  return { id, accountId, fate, status, customIds, outputFileId, errorFileId };
}

async function countedOf(caller: Caller, fileId: string): Promise<void> {
  for (const startedMs = performance.now(); performance.now() - startedMs < END_MS_MAX; await sleep(100))
    if ((await caller.ask<{ status: string }>('GET', `/v1/files/${fileId}`)).body.status === 'processed') return;
  throw new Error(`the file ${fileId} was not counted in ${END_MS_MAX / 60_000} minutes`);
}

type BatchView = { status: string; output_file_id: string | null; error_file_id: string | null };

async function endOf(caller: Caller, id: string): Promise<BatchView> {
  let last = '';
  for (const startedMs = performance.now(); performance.now() - startedMs < END_MS_MAX; await sleep(500)) {
    const { body } = await caller.ask<BatchView>('GET', `/v1/batches/${id}`);
    if (ENDED.includes(body.status)) return body;
    last = JSON.stringify(body);
  }
  throw new Error(`the job ${id} has not ended in ${END_MS_MAX / 60_000} minutes: ${last}`);
}
