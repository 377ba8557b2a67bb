/** Posts a mail to named addresses, in the transaction that causes it: to people who are told as no owner of the account. */
import type { Notice } from '../../domain/notice';
import type { Tx } from '../db';

/** @param key names the event among all accounts; a second mail under it changes nothing */
export async function postMail(
  tx: Tx,
  accountId: string,
  key: string,
  recipients: readonly string[],
  { kind, ...data }: Notice,
): Promise<void> {
  await tx.query(
    `with notice as (
       insert into notices (account_id, kind, key, data) values ($1, $2, $3, $4) on conflict (key) do nothing returning id)
     insert into notice_deliveries (notice_id, recipient) select id, unnest($5::text[]) from notice`,
    [accountId, kind, key, data, recipients],
  );
}
