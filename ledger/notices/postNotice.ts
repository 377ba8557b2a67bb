/** Posts a notice with one delivery per owner, in the transaction that causes it: told if and only if it happened (N1). */
import type { Notice } from '../../domain/notice';
import type { Db } from '../db';

/** @param key names the event among all accounts; a second post under it changes nothing, whoever brings the news */
export async function postNotice(db: Db, accountId: string, key: string, notice: Notice): Promise<void> {
  const { kind, ...data } = notice;
  await db.query({
    name: 'post-notice',
    text: 'select post_notice($1, $2, $3, $4)',
    values: [accountId, kind, key, data],
  });
}
