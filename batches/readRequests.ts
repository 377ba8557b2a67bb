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

/** Read as one piece, but for one request that is larger. */
const PIECE_BYTES_MAX = 1024 * 1024;
/** What lies between two requests of a piece, such as line breaks or a request that nobody asks for, is read and dropped. */
const GAP_BYTES_MAX = 16 * 1024;

/**
 * Neighbours are read as one piece: each reading opens and closes the file, in threads that take the core from others
 * thousands of times a second. Throws `StoreUnavailable` when the store can't be read now.
 */
export async function readRequests(
  store: FileStore,
  fileId: string,
  requests: readonly WhereRequest[],
): Promise<ReadRequests> {
  const result: ReadRequests = { read: [], lost: [] };
  for (const piece of toPieces(requests)) {
    const start = piece[0]!.offset;
    const bytes = await readRange(store, fileId, { start, length: endOf(piece.at(-1)!) - start }).catch(
      (error: unknown) => {
        if (error instanceof FileGone) return null;
        throw error;
      },
    );
    for (const where of piece) {
      const request = bytes && parseRequest(bytes.subarray(where.offset - start, endOf(where) - start));
      if (!request || isFault(request) || request.customId !== where.customId) result.lost.push(where.customId);
      else result.read.push({ customId: where.customId, body: request.body });
    }
  }
  return result;
}

const endOf = ({ offset, length }: WhereRequest): number => offset + length;

/** In the order they are asked for, each of which lies behind the one before it. */
function toPieces(requests: readonly WhereRequest[]): WhereRequest[][] {
  const pieces: WhereRequest[][] = [];
  for (const where of requests) {
    const piece = pieces.at(-1);
    const gap = piece ? where.offset - endOf(piece.at(-1)!) : -1;
    if (piece && gap >= 0 && gap <= GAP_BYTES_MAX && endOf(where) - piece[0]!.offset <= PIECE_BYTES_MAX)
      piece.push(where);
    else pieces.push([where]);
  }
  return pieces;
}
