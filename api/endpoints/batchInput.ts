/** The input of a batch: a file that is there, with its tokens counted, and what its model costs now. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { refuseModel } from '../../domain/batchModel';
import { batchPricesAt, type BatchPrices } from '../../domain/batchPrice';
import { Problem, type ErrorCode } from '../../domain/errors';
import type { StoredFile } from '../../ledger/files/file';
import { readFile } from '../../ledger/files/readFile';
import { readModels } from '../../ledger/prices/readModels';
import type { Uses } from '../services';
import { OF_ACCOUNT } from './batchAccount';

/**
 * How long an answer waits for the file's tokens to be counted; less than proxies wait for an answer. 200 MB take some ten
 * seconds, but minutes while gates are asked: OpenAI's clients ask twice more.
 */
const COUNTING_MS_MAX = 50_000;
const COUNTING_POLL_MS = { min: 100, max: 1_000 };

export const inputFileId = z.string().regex(/^file-[A-Za-z0-9]{1,80}$/, 'must be the id of a file');

/** What `readInput` can refuse. */
export const OF_INPUT: readonly ErrorCode[] = [
  ...OF_ACCOUNT,
  'model_not_found',
  'model_not_supported',
  'no_price',
  'file_not_counted',
];

export type CountedFile = StoredFile & {
  input: NonNullable<StoredFile['input']>;
  tokens: NonNullable<StoredFile['tokens']>;
};

/** The input with its tokens, and what its model costs now. */
export async function readInput(
  accountId: string,
  fileId: string,
  services: Uses<'pool' | 'clock'>,
): Promise<{ file: CountedFile; prices: BatchPrices }> {
  const file = await waitForTokens(accountId, fileId, services);
  const [model] = await readModels(services.pool, [file.input.model]);
  const fault = refuseModel(model, services.clock.now());
  if (fault) throw new Problem(fault.code, `The model ${file.input.model} ${fault.because}.`, { status: 400 });
  const prices = batchPricesAt(model!.prices, services.clock.now());
  if (!prices) throw new Problem('no_price', `The model ${file.input.model} has no price now.`);
  return { file, prices };
}

async function waitForTokens(accountId: string, fileId: string, { pool }: Uses<'pool'>): Promise<CountedFile> {
  const startedMs = performance.now();
  for (let pauseMs = COUNTING_POLL_MS.min; ; pauseMs = Math.min(COUNTING_POLL_MS.max, pauseMs * 1.25)) {
    const file = await readFile(pool, accountId, fileId);
    if (!file) throw invalidInput('input_file_id', 'must be a file that is there');
    if (file.purpose !== 'batch') throw invalidInput('input_file_id', 'must be a file of purpose "batch"');
    if (file.tokens) return file as CountedFile;
    if (performance.now() - startedMs > COUNTING_MS_MAX)
      throw new Problem('file_not_counted', "The file's tokens are still being counted; ask again.", {
        retryAfterSeconds: 5,
      });
    await sleep(pauseMs);
  }
}

export const invalidInput = (
  path: string,
  message: string,
  code: 'invalid_request' | 'url_mismatch' = 'invalid_request',
): Problem => new Problem(code, `${path} ${message}.`, { status: 400, errors: [{ path, message }] });
