/** Puts a mail into the dev mailbox: what SMTP would have sent. The same message again is still one mail. */
import type { Db } from '../db';

export type DevMail = { messageId: string; kind: string; to: string; subject: string; text: string };

export async function insertDevMail(db: Db, { messageId, kind, to, subject, text }: DevMail): Promise<void> {
  await db.query({
    name: 'insert-dev-mail',
    text: `insert into dev_mailbox (message_id, kind, recipient, subject, body) values ($1, $2, $3, $4, $5)
           on conflict (message_id) do nothing`,
    values: [messageId, kind, to, subject, text],
  });
}
