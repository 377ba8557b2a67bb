/** Lists the development mailbox. */
import type { Db } from '../db';

export type DevMail = { kind: string; to: string; subject: string; text: string; at: Date };

/** All mail of the embedded default, newest first. */
export async function listMailbox(db: Db): Promise<DevMail[]> {
  const { rows } = await db.query<DevMail>(
    'select kind, recipient as "to", subject, body as text, at from dev_mailbox order by number desc',
  );
  return rows;
}
