/** Batches and files, which are read as OpenAI's lists are. */
import { api, data, type Schemas } from './client';
import { keys } from './keys';

const LIMIT = 50;
type OpenAiList<Row> = { data: Row[]; last_id: string | null; has_more: boolean };

/** The next page begins after the last row of this one. */
const after = (cursor: string | null) => ({ limit: LIMIT, ...(cursor !== null && { after: cursor }) });
const toPage = <Row>({ data: rows, last_id, has_more }: OpenAiList<Row>) => ({
  data: rows,
  nextCursor: has_more ? last_id : null,
});

/** The batch jobs of one's own account. @param id that account, for the key alone */
export const batchesList = (id: string) => ({
  queryKey: keys.topic(id, 'batches'),
  read: async (cursor: string | null) =>
    toPage(await data(api.GET('/v1/batches', { params: { query: after(cursor) } }))),
  keyOf: (batch: Schemas['Batch']) => batch.id,
});

/** The files of one's own account. @param id that account, for the key alone */
export const filesList = (id: string) => ({
  queryKey: keys.topic(id, 'files'),
  read: async (cursor: string | null) => toPage(await data(api.GET('/v1/files', { params: { query: after(cursor) } }))),
  keyOf: (file: Schemas['File']) => file.id,
});
