/** A batch's input: checked while it is uploaded, kept whole or not at all (L2). */
import { z } from 'zod';
import { createFileChecker, type FileChecker, type FileFacts } from '../../batches/checkFile';
import { discardFile } from '../../batches/discardFile';
import { newId } from '../../batches/newId';
import { atPace } from '../../batches/pace';
import { storeUpload } from '../../batches/storeUpload';
import { whileRenewed } from '../../batches/whileRenewed';
import { FILE_BYTES_MAX, type FileError } from '../../domain/batch';
import { refuseModel } from '../../domain/batchModel';
import { Problem } from '../../domain/errors';
import { FILES_LIMIT, requireRoom, UPLOAD_RESERVED_SECONDS, UPLOADS_AT_ONCE_MAX } from '../../domain/storeLimit';
import { lockOpenAccount } from '../../ledger/accounts/requireOpenAccount';
import { recordAudit } from '../../ledger/audit/recordAudit';
import { transaction } from '../../ledger/db';
import type { StoredFile } from '../../ledger/files/file';
import { keepFile } from '../../ledger/files/keepFile';
import { renewReservations } from '../../ledger/files/renewReservations';
import { reserveFile } from '../../ledger/files/reserveFile';
import { readStored } from '../../ledger/limits/readStored';
import { readModels } from '../../ledger/prices/readModels';
import { createAtOnce } from '../http/atOnce';
import { ok, type Call, type StreamedBody } from '../http/endpoint';
import { readMultipart } from '../http/multipart';
import { endpoint, type Uses } from '../services';
import { accountOf, FOR_ACCOUNT, OF_ACCOUNT } from './batchAccount';
import { file, view } from './files';

/** The form's other parts: fields, and what separates them. */
const FORM_BYTES_MAX = 64 * 1024;
const DAY_SECONDS = 86_400;
const EXPIRES_DEFAULT = 30 * DAY_SECONDS;
const EXPIRES_RANGE = [3_600, 30 * DAY_SECONDS] as const;

export const upload = endpoint({
  uses: ['pool', 'files', 'log', 'clock', 'pace'],
  body: {
    schema: z.strictObject({
      purpose: z.literal('batch'),
      file: z.string().meta({ format: 'binary' }),
      'expires_after[anchor]': z.literal('created_at').optional(),
      'expires_after[seconds]': z.string().optional(),
    }),
    streamed: ['multipart/form-data'],
    // One byte more than a file may have must get through: the check says so by its own code.
    bytesMax: FILE_BYTES_MAX + FORM_BYTES_MAX,
    refusal: 'file_too_large',
  },
  headers: FOR_ACCOUNT,
  refusals: [
    ...OF_ACCOUNT,
    'account_closed',
    'invalid_json_line',
    'duplicate_custom_id',
    'url_mismatch',
    'model_not_found',
    'model_mismatch',
    'model_not_supported',
    'empty_file',
    'too_many_tasks',
    'limit_reached',
    'too_many_requests',
    'storage_unavailable',
  ],
  refusalStatus: { model_not_supported: 400 },
  replies: { 200: file },
  async handle(call, services) {
    const accountId = await accountOf(call, services);
    requireRoom(await readStored(services.pool, accountId, 'files'), FILES_LIMIT, 0);
    return ok(view(await uploads.run(accountId, () => receiveOrDrop(accountId, call, services))));
  },
});

const uploads = createAtOnce(UPLOADS_AT_ONCE_MAX, 'uploads');

async function receiveOrDrop(
  accountId: string,
  call: Call<unknown, unknown, unknown>,
  services: Uses<'pool' | 'files' | 'log' | 'clock' | 'pace'>,
): Promise<StoredFile> {
  const { pool, files: store, log } = services;
  const id = newId('file-');
  await reserveFile(pool, {
    id,
    accountId,
    purpose: 'batch',
    filename: 'upload',
    actor: call.principal.actor,
    seconds: UPLOAD_RESERVED_SECONDS,
  });
  try {
    return await whileRenewed(
      () => renewReservations(pool, [id], UPLOAD_RESERVED_SECONDS),
      (isOver) => receive(id, accountId, call, services, isOver),
    );
  } catch (error) {
    // What is in the store by now goes at once; if that fails, or this process dies, when its reservation ends.
    // A file that was kept, although the database's answer was lost, stays.
    await discardFile(pool, store, id).catch((failure: Error) =>
      log.warn({ err: failure, file: id }, 'a refused upload is removed later'),
    );
    throw error;
  }
}

async function receive(
  id: string,
  accountId: string,
  { body, principal }: Call<unknown, unknown, unknown>,
  { pool, files: store, clock, pace }: Uses<'pool' | 'files' | 'clock' | 'pace'>,
  isOver: AbortSignal,
): Promise<StoredFile> {
  let checked: { facts: FileFacts; bytes: number } | null = null;
  const streamed = body as StreamedBody;
  const chunks = atPace(streamed.chunks, pace, 'upload', accountId);
  const form = await readMultipart({ ...streamed, chunks }, async (content) => {
    const checker = createFileChecker();
    const findFault = (named: NamedModel) => findModelFault(named, { pool, clock });
    const stored = await storeUpload(store, id, untilRefused(content, checker, findFault), checker, isOver);
    if (stored.kind === 'refused') throw refused(stored.errors);
    checked = stored;
  });
  const expiresAfterSeconds = readForm(form.fields, checked !== null);
  const { facts, bytes } = checked!;
  const fault = await findModelFault(facts, { pool, clock });
  if (fault) throw fault;
  return transaction(pool, async (tx) => {
    await lockOpenAccount(tx, accountId);
    requireRoom(await readStored(tx, accountId, 'files'), FILES_LIMIT, bytes);
    const kept = await keepFile(tx, {
      id,
      filename: shownName(form.filename),
      bytes,
      input: facts,
      expiresAfterSeconds,
    });
    await recordAudit(tx, kept.accountId, principal.actor, 'file.upload', { file: id, bytes });
    return kept;
  });
}

type NamedModel = NonNullable<FileChecker['named']>;

/** Null for a model that takes batches. */
async function findModelFault(
  { model: id, firstLine: line }: NamedModel,
  { pool, clock }: Uses<'pool' | 'clock'>,
): Promise<Problem | null> {
  const [model] = await readModels(pool, [id]);
  const fault = refuseModel(model, clock.now());
  if (!fault) return null;
  const message = `line ${line}: the model ${id} ${fault.because}`;
  return refused([{ code: fault.code, message, param: 'body.model', line }]);
}

/**
 * Asks for the model as soon as the first request has named it, while the rest comes: a file whose model can't be taken is
 * refused then, not after its last byte. One with other errors is read to its end, and has those, however quick the answer
 * was. It is asked again at the end, so a question that fails is no matter.
 */
async function* untilRefused(
  content: AsyncIterable<Buffer>,
  checker: FileChecker,
  findFault: (named: NamedModel) => Promise<Problem | null>,
): AsyncGenerator<Buffer> {
  let asked: Promise<void> | null = null;
  let fault: Problem | null = null;
  for await (const chunk of content) {
    if (fault && checker.isFineSoFar) throw fault as Problem;
    yield chunk;
    if (checker.named)
      asked ??= findFault(checker.named).then(
        (found) => void (fault = found),
        () => undefined,
      );
  }
}

/** Returns for how many seconds the file is to be kept. */
function readForm(fields: ReadonlyMap<string, string>, hasFile: boolean): number {
  const fault = (path: string, message: string) =>
    new Problem('invalid_request', `${path} ${message}.`, { errors: [{ path, message }] });
  if (fields.get('purpose') !== 'batch') throw fault('purpose', 'must be "batch"');
  if (!hasFile) throw fault('file', 'is required');
  const anchor = fields.get('expires_after[anchor]');
  const after = fields.get('expires_after[seconds]');
  if (anchor === undefined && after === undefined) return EXPIRES_DEFAULT;
  if (anchor !== 'created_at') throw fault('expires_after[anchor]', 'must be "created_at"');
  const [min, max] = EXPIRES_RANGE;
  if (after === undefined || !/^\d{1,9}$/.test(after) || Number(after) < min || Number(after) > max)
    throw fault('expires_after[seconds]', `must be a whole number from ${min} to ${max}`);
  return Number(after);
}

/** As it was given, but for what no name should have: control characters and halves of characters. */
const shownName = (name: string | null): string =>
  (name ?? '').replaceAll(/[\p{Cc}\p{Cs}]/gu, '_').slice(0, 200) || 'upload.jsonl';

/** The first error is the one to read; all of them are listed. */
function refused(errors: readonly FileError[]): Problem {
  const { code, message, param } = errors[0]!;
  return new Problem(code, `${message[0]!.toUpperCase()}${message.slice(1)}.`, {
    status: code === 'file_too_large' ? 413 : 400,
    members: { param, errors },
  });
}
