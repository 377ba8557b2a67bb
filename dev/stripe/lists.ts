// Lists in Stripe's shape: newest first, paged with starting_after, filtered by time of creation.
import { z } from 'zod';
import { invalidParameter } from './errors';
import { id, integer } from './params';
import type { TableName, Tables } from './tables';
import type { Transaction } from './transaction';

const LIMIT_DEFAULT = 10;
const LIMIT_MAX = 100;

const createdRange = z.strictObject({
  gt: integer.optional(),
  gte: integer.optional(),
  lt: integer.optional(),
  lte: integer.optional(),
});

export const listParams = {
  limit: integer.refine((limit) => limit >= 1 && limit <= LIMIT_MAX, `must be between 1 and ${LIMIT_MAX}`).optional(),
  starting_after: id.optional(),
  ending_before: id.optional(),
  created: z.union([integer, createdRange]).optional(),
};

type ListParams = {
  limit?: number | undefined;
  starting_after?: string | undefined;
  ending_before?: string | undefined;
  created?: number | z.infer<typeof createdRange> | undefined;
};

type Narrowing<T> = {
  /** Narrows by a field of BELONGS_TO; a value that was not asked for narrows nothing. */
  where?: { field: string; equals: string | undefined };
  keep?: (object: T) => boolean;
};

export async function listObjects<Name extends TableName>(
  tx: Transaction,
  name: Name,
  url: string,
  params: ListParams,
  { where, keep }: Narrowing<Tables[Name]> = {},
): Promise<{ object: 'list'; url: string; has_more: boolean; data: Tables[Name][] }> {
  const limit = params.limit ?? LIMIT_DEFAULT;
  if (params.ending_before !== undefined) {
    throw invalidParameter('The simulator pages forward only: use starting_after.', 'ending_before');
  }
  if (params.starting_after !== undefined) await tx.need(name, params.starting_after, 'starting_after');
  const range =
    typeof params.created === 'number' ? { gte: params.created, lte: params.created } : (params.created ?? {});
  const selection = {
    where: where?.equals === undefined ? undefined : { field: where.field, equals: where.equals },
    createdFrom: Math.max(range.gte ?? 0, (range.gt ?? -1) + 1),
    createdTo: Math.min(range.lte ?? Number.MAX_SAFE_INTEGER, (range.lt ?? Number.MAX_SAFE_INTEGER) - 1),
    olderThan: params.starting_after,
  };
  const data: Tables[Name][] = [];
  for await (const object of tx.newest(name, selection, keep === undefined ? limit + 1 : undefined)) {
    if (keep !== undefined && !keep(object)) continue;
    data.push(object);
    if (data.length > limit) break;
  }
  return { object: 'list', url, has_more: data.length > limit, data: data.slice(0, limit) };
}
