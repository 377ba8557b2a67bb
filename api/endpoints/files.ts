/** Files as OpenAI's Files API has them: listed, read and deleted (L2). */
import { pipeline } from 'node:stream';
import { z } from 'zod';
import { FileGone } from '../../batches/fileStore';
import { atPace } from '../../batches/pace';
import { notFound, Problem } from '../../domain/errors';
import { transaction } from '../../ledger/db';
import type { StoredFile } from '../../ledger/files/file';
import { listFiles } from '../../ledger/files/listFiles';
import { readFile } from '../../ledger/files/readFile';
import { removeFile } from '../../ledger/files/removeFile';
import { recordAudit } from '../../ledger/audit/recordAudit';
import { ok, type Call } from '../http/endpoint';
import { endpoint, type Uses } from '../services';
import { accountOf, FOR_ACCOUNT, OF_ACCOUNT } from './batchAccount';

const LIST_MAX = 10_000;

const fileId = z.string().regex(/^file-[A-Za-z0-9]{1,80}$/, 'must be the id of a file');
const ofFile = z.strictObject({ fileId });
export const file = z
  .strictObject({
    id: z.string(),
    object: z.literal('file'),
    bytes: z.number().int(),
    created_at: z.number().int(),
    expires_at: z.number().int().nullable(),
    filename: z.string(),
    purpose: z.enum(['batch', 'batch_output']),
    /** `uploaded` while its tokens are counted. */
    status: z.enum(['uploaded', 'processed']),
  })
  .meta({ id: 'File' });

/** Seconds since the epoch, as OpenAI's objects have them. */
const seconds = (at: Date): number => Math.floor(at.getTime() / 1_000);

export const view = ({
  id,
  bytes,
  createdAt,
  expiresAt,
  filename,
  purpose,
  tokens,
}: StoredFile): z.input<typeof file> => ({
  id,
  object: 'file',
  bytes,
  created_at: seconds(createdAt),
  expires_at: expiresAt && seconds(expiresAt),
  filename,
  purpose,
  status: purpose === 'batch' && tokens === null ? 'uploaded' : 'processed',
});

/** RFC 6266: in ASCII for old clients, and as it is. */
const attachment = (name: string): string =>
  `attachment; filename="${name.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_')}"; filename*=UTF-8''${encodeURIComponent(name).replaceAll("'", '%27')}`;

export const read = endpoint({
  uses: ['pool'],
  params: ofFile,
  headers: FOR_ACCOUNT,
  refusals: OF_ACCOUNT,
  replies: { 200: file },
  handle: async (call, services) => ok(view(await find(call, services))),
});

export const list = endpoint({
  uses: ['pool'],
  headers: FOR_ACCOUNT,
  refusals: OF_ACCOUNT,
  query: z.strictObject({
    after: fileId.optional(),
    limit: z.coerce.number().int().min(1).max(LIST_MAX).default(LIST_MAX),
    order: z.enum(['asc', 'desc']).default('desc'),
    purpose: z.enum(['batch', 'batch_output']).optional(),
  }),
  replies: {
    200: z.strictObject({
      object: z.literal('list'),
      data: z.array(file),
      first_id: z.string().nullable(),
      last_id: z.string().nullable(),
      has_more: z.boolean(),
    }),
  },
  async handle(call, services) {
    const { after, limit, order, purpose } = call.query;
    const accountId = await accountOf(call, services);
    const page = await listFiles(
      services.pool,
      accountId,
      { limit, after: after ?? null },
      { order, purpose: purpose ?? null },
    );
    return ok(toList(page.data.map(view), page.next !== null));
  },
});

/** A page as OpenAI's clients read it. */
export const toList = <T extends { id: string }>(data: T[], hasMore: boolean) => ({
  object: 'list',
  data,
  first_id: data[0]?.id ?? null,
  last_id: data.at(-1)?.id ?? null,
  has_more: hasMore,
});

export const content = endpoint({
  uses: ['pool', 'files', 'log', 'pace'],
  params: ofFile,
  headers: FOR_ACCOUNT,
  refusals: [...OF_ACCOUNT, 'storage_unavailable'],
  replies: { 200: null },
  texts: { 200: ['application/octet-stream'] },
  async handle(call, services) {
    const { id, accountId, filename, bytes } = await find(call, services);
    const stream = await services.files.read(id).catch((error: unknown) => {
      // It was deleted, or its time was over, a moment ago.
      throw error instanceof FileGone ? notFound(`file ${id}`) : error;
    });
    return {
      status: 200,
      headers: {
        'Content-Type': 'application/octet-stream',
        'Content-Length': String(bytes),
        'Content-Disposition': attachment(filename),
        'X-Content-Type-Options': 'nosniff',
      },
      stream(response) {
        stream.on('error', (error) =>
          services.log.error({ err: error, file: id }, 'a file could not be read to its end'),
        );
        // Either that ends takes the other with it.
        const pieces = atPace(stream as AsyncIterable<Buffer>, services.pace, 'download', accountId);
        pipeline(pieces, response, () => stream.destroy());
      },
      dispose: () => stream.destroy(),
    };
  },
});

export const remove = endpoint({
  uses: ['pool'],
  params: ofFile,
  headers: FOR_ACCOUNT,
  refusals: [...OF_ACCOUNT, 'file_in_use'],
  replies: { 200: z.strictObject({ id: z.string(), object: z.literal('file'), deleted: z.literal(true) }) },
  async handle(call, services) {
    const { fileId: id } = call.params;
    const accountId = await accountOf(call, services);
    await transaction(services.pool, async (tx) => {
      const removed = await removeFile(tx, accountId, id);
      if (removed.kind === 'not_found') throw notFound(`file ${id}`);
      if (removed.kind === 'in_use')
        throw new Problem(
          'file_in_use',
          `The batch ${removed.batchId} reads this file; delete it when that has ended.`,
        );
      await recordAudit(tx, accountId, call.principal.actor, 'file.delete', { file: id });
    });
    return ok({ id, object: 'file', deleted: true });
  },
});

async function find(call: Call<{ fileId: string }>, services: Uses<'pool'>): Promise<StoredFile> {
  const { fileId: id } = call.params;
  const found = await readFile(services.pool, await accountOf(call, services), id);
  if (!found) throw notFound(`file ${id}`);
  return found;
}
