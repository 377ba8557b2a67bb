/** Lists of an account, newest first: as pages of JSON, or whole as CSV. */
import { type z } from 'zod';
import { notFound } from '../../domain/errors';
import { accountExists } from '../../ledger/accounts/accountExists';
import type { Db } from '../../ledger/db';
import type { Page, PageRequest } from '../../ledger/page';
import type { Principal } from '../http/auth';
import { listReply } from '../http/csvStream';
import { listOf, ofAccount, pageQuery } from '../http/schemas';
import { toList } from './views';
import { endpoint } from '../services';

export type AccountList<Row, Item extends z.ZodType, Filter extends z.ZodRawShape> = {
  item: Item;
  cursor: z.ZodType<string>;
  /** The query beside limit and cursor. */
  filter?: Filter;
  read(db: Db, accountId: string, page: PageRequest, filter: z.output<z.ZodObject<Filter>>): Promise<Page<Row>>;
  /** @param principal who reads it */
  view(row: Row, principal: Principal): z.input<Item>;
  /** Of the CSV: fields of an item. */
  columns: readonly (keyof z.input<Item> & string)[];
};

/** An account that does not exist has no list: 404. */
export const accountList = <
  Row,
  Item extends z.ZodType,
  const Filter extends z.ZodRawShape = Record<never, z.ZodType>,
>({
  item,
  cursor,
  filter,
  read,
  view,
  columns,
}: AccountList<Row, Item, Filter>) =>
  endpoint({
    params: ofAccount,
    query: pageQuery(cursor).extend(filter ?? {}),
    replies: { 200: listOf(item) },
    texts: { 200: ['text/csv'] },
    uses: ['pool'],
    async handle({ params: { id }, query, header, principal }, { pool }) {
      const { limit, cursor, ...given } = query;
      return listReply({ limit, cursor, accept: header('accept') }, columns, async (page) => {
        const found = await read(pool, id, page, given as z.output<z.ZodObject<Filter>>);
        if (found.data.length === 0 && !(await accountExists(pool, id))) throw notFound(`account ${id}`);
        // An item of each list is an object; of its schema only the fields are known here.
        return toList(found, (row) => view(row, principal)) as { data: object[]; nextCursor: string | null };
      });
    },
  });
