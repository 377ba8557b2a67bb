/** Evaluation datasets: CSV or JSON lines, checked and counted while they are uploaded (L7). */
import { z } from 'zod';
import { createDatasetChecker } from '../../batches/checkDataset';
import { newId } from '../../batches/newId';
import { atPace } from '../../batches/pace';
import { storeUpload } from '../../batches/storeUpload';
import { whileRenewed } from '../../batches/whileRenewed';
import { DATASET_BYTES_MAX, type DatasetFault } from '../../domain/dataset';
import { notFound, Problem } from '../../domain/errors';
import { DATASET_UPLOADS_AT_ONCE_MAX, DATASETS_LIMIT, requireRoom } from '../../domain/storeLimit';
import { lockOpenAccount, requireOpenAccount } from '../../ledger/accounts/requireOpenAccount';
import { recordAudit } from '../../ledger/audit/recordAudit';
import { transaction } from '../../ledger/db';
import type { Dataset, DatasetFormat } from '../../ledger/datasets/dataset';
import { deleteDatasets } from '../../ledger/datasets/deleteDatasets';
import { keepDataset } from '../../ledger/datasets/keepDataset';
import { listDatasets } from '../../ledger/datasets/listDatasets';
import { removeDataset } from '../../ledger/datasets/removeDataset';
import { dropDataset } from '../../ledger/datasets/dropDataset';
import { renewDataset } from '../../ledger/datasets/renewDataset';
import { reserveDataset } from '../../ledger/datasets/reserveDataset';
import { readStored } from '../../ledger/limits/readStored';
import { createAtOnce } from '../http/atOnce';
import { created, noContent, ok, type StreamedBody } from '../http/endpoint';
import { accountId, cursorOf, listOf, ofAccount, pageQuery, time } from '../http/schemas';
import { endpoint, type Uses } from '../services';
import { toList } from './views';

const CSV = 'text/csv';
const datasetId = z.string().regex(/^dataset-[A-Za-z0-9]{1,64}$/, 'must be the id of a dataset');
const ofDataset = z.strictObject({ id: accountId, datasetId });
const uploaded = z.strictObject({ id: z.string(), rows: z.number().int(), bytes: z.number().int() });
const dataset = uploaded
  .extend({ format: z.enum(['csv', 'jsonl']), createdAt: time })
  .meta({ id: 'EvaluationDataset' });

export const upload = endpoint({
  uses: ['pool', 'files', 'log', 'pace'],
  params: ofAccount,
  body: {
    schema: z.string(),
    streamed: [CSV, 'application/jsonl', 'application/x-ndjson'],
    bytesMax: DATASET_BYTES_MAX,
  },
  refusals: ['too_many_rows', 'invalid_dataset', 'limit_reached', 'too_many_requests', 'storage_unavailable'],
  replies: { 201: uploaded },
  async handle({ params, body, principal: { actor } }, services) {
    const content = body as unknown as StreamedBody;
    const upload = {
      id: newId('dataset-'),
      accountId: params.id,
      format: content.mediaType === CSV ? ('csv' as const) : ('jsonl' as const),
      actor,
    };
    const { id, rows, bytes } = await uploads.run(params.id, () =>
      receiveOrErase(upload, atPace(content.chunks, services.pace, 'upload', params.id), services),
    );
    return created({ id, rows, bytes });
  },
});

const uploads = createAtOnce(DATASET_UPLOADS_AT_ONCE_MAX, 'uploads of datasets');

type Upload = { id: string; accountId: string; format: DatasetFormat; actor: string };

async function receiveOrErase(
  upload: Upload,
  chunks: AsyncIterable<Buffer>,
  { pool, files, log }: Uses<'pool' | 'files' | 'log'>,
): Promise<Dataset> {
  await transaction(pool, async (tx) => {
    await requireOpenAccount(tx, upload.accountId);
    requireRoom(await readStored(tx, upload.accountId, 'datasets'), DATASETS_LIMIT, 0);
    await reserveDataset(tx, upload);
  });
  try {
    return await whileRenewed(
      () => renewDataset(pool, upload.id),
      (isOver) => receive(upload, chunks, { pool, files }, isOver),
    );
  } catch (error) {
    // What is in the store by now goes at once; if that fails, or this process dies, when its reservation ends.
    await erase(upload.id, { pool, files }).catch((failure: Error) =>
      log.warn({ err: failure, dataset: upload.id }, 'a refused upload is removed later'),
    );
    throw error;
  }
}

async function receive(
  { id, accountId: account, format, actor }: Upload,
  chunks: AsyncIterable<Buffer>,
  { pool, files }: Uses<'pool' | 'files'>,
  isOver: AbortSignal,
): Promise<Dataset> {
  const stored = await storeUpload(files, id, chunks, createDatasetChecker(format), isOver);
  if (stored.kind === 'refused') throw refused(stored.fault);
  const { rows, bytes } = stored;
  return transaction(pool, async (tx) => {
    await lockOpenAccount(tx, account);
    requireRoom(await readStored(tx, account, 'datasets'), DATASETS_LIMIT, bytes);
    const kept = await keepDataset(tx, { id, rows, bytes });
    await recordAudit(tx, account, actor, 'dataset.upload', { dataset: id, rows, bytes });
    return kept;
  });
}

/** Not one that was kept although the answer of the database was lost. */
async function erase(id: string, { pool, files }: Uses<'pool' | 'files'>): Promise<void> {
  if (!(await dropDataset(pool, id))) return;
  await files.remove(id);
  await deleteDatasets(pool, [id]);
}

const refused = ({ code, because, line }: DatasetFault): Problem =>
  new Problem(code, `The dataset can not be taken: ${line === null ? '' : `line ${line}: `}${because}.`);

export const list = endpoint({
  uses: ['pool'],
  params: ofAccount,
  query: pageQuery(cursorOf.number),
  replies: { 200: listOf(dataset) },
  async handle({ params, query: { limit, cursor } }, { pool }) {
    const page = await listDatasets(pool, params.id, { limit, after: cursor ?? null });
    return ok(toList(page, ({ createdAt, ...rest }) => ({ ...rest, createdAt: createdAt.toISOString() })));
  },
});

export const remove = endpoint({
  uses: ['pool'],
  params: ofDataset,
  replies: { 204: null },
  async handle({ params: { id, datasetId: removed }, principal: { actor } }, { pool }) {
    await transaction(pool, async (tx) => {
      if (!(await removeDataset(tx, id, removed))) throw notFound(`dataset ${removed}`);
      await recordAudit(tx, id, actor, 'dataset.delete', { dataset: removed });
    });
    return noContent;
  },
});
