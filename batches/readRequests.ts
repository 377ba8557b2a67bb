/** Reads requests of a job from its input, for an executor (L4). */
import { isFault } from '../domain/batchRequest';
import { parseRequest } from './checkFile';
import { FileGone, readRange, type FileStore } from './fileStore';

export type WhereRequest = { customId: string; offset: number; length: number };
export type ReadRequests = {
  read: { customId: string; body: unknown }[];
  /** Ids of those that are not in the input any more: it is gone, or is not what was checked. */
  lost: string[];
};

/** Throws `StoreUnavailable` when the store can't be read now. */
export async function readRequests(
  store: FileStore,
  fileId: string,
  requests: readonly WhereRequest[],
): Promise<ReadRequests> {
  const result: ReadRequests = { read: [], lost: [] };
  for (const { customId, offset, length } of requests) {
    const bytes = await readRange(store, fileId, { start: offset, length }).catch((error: unknown) => {
      if (error instanceof FileGone) return null;
      throw error;
    });
    const request = bytes && parseRequest(bytes);
    if (!request || isFault(request) || request.customId !== customId) result.lost.push(customId);
    else result.read.push({ customId, body: request.body });
  }
  return result;
}
