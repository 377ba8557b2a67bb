/** Reads posted usage events: those behind a ledger line, or which of some ids stand already. */
import type { Nano } from '../domain/money';
import type { Db } from './db';
import { toPage, type Page, type PageRequest } from './page';

export type PostedEvent = {
  id: string;
  model: string;
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  images: number;
  imageSize: string | null;
  at: Date;
  cost: Nano;
};

type Row = {
  event_id: string;
  model: string;
  input_tokens: bigint;
  cached_input_tokens: bigint;
  output_tokens: bigint;
  images: bigint;
  image_size: string | null;
  at: Date;
  cost_nano: Nano;
};

/** In order of event id. */
export async function listUsageOfLine(db: Db, accountId: string, sequence: number, page: PageRequest): Promise<Page<PostedEvent>> {
  const { rows } = await db.query<Row>(
    `select * from usage_events where account_id = $1 and sequence = $2 and ($3::text is null or event_id > $3)
     order by event_id limit $4`, [accountId, sequence, page.after, page.limit + 1]);
  return toPage(rows, page.limit, (row) => row.event_id, toPostedEvent);
}

/** The event with this id, or null. */
export async function readUsageEvent(db: Db, accountId: string, eventId: string): Promise<PostedEvent | null> {
  const { rows } = await db.query<Row>('select * from usage_events where account_id = $1 and event_id = $2', [accountId, eventId]);
  return rows[0] ? toPostedEvent(rows[0]) : null;
}

function toPostedEvent(row: Row): PostedEvent {
  return {
    id: row.event_id,
    model: row.model,
    inputTokens: Number(row.input_tokens),
    cachedInputTokens: Number(row.cached_input_tokens),
    outputTokens: Number(row.output_tokens),
    images: Number(row.images),
    imageSize: row.image_size,
    at: row.at,
    cost: row.cost_nano,
  };
}
