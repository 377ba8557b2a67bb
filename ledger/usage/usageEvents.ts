/** Reads posted usage events: those behind a ledger line, or those that stand under given ids. */
import type { Nano } from '../../domain/money';
import type { Db } from '../db';
import { toPage, type Page, type PageRequest } from '../page';

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
export async function listUsageOfLine(
  db: Db,
  accountId: string,
  sequence: number,
  page: PageRequest,
): Promise<Page<PostedEvent>> {
  const { rows } = await db.query<Row>(
    // The line names its posting, and the posting's events are found by index.
    `select u.* from ledger_lines l join usage_events u on u.posting = case l.kind when 'usage' then substr(l.reference, length('usage/') + 1)::bigint end
     where l.account_id = $1 and l.sequence = $2 and u.account_id = $1 and u.sequence = $2
       and ($3::text is null or u.event_id > $3)
     order by u.event_id limit $4`,
    [accountId, sequence, page.after, page.limit + 1],
  );
  return toPage(rows, page.limit, (row) => row.event_id, toPostedEvent);
}

/** For each account and event id, in order: the event that stands, or null. */
export async function readUsageEvents(
  db: Db,
  keys: readonly { accountId: string; id: string }[],
): Promise<(PostedEvent | null)[]> {
  const { rows } = await db.query<Row & { place: bigint }>(
    `select u.*, k.place from unnest($1::text[], $2::text[]) with ordinality as k(account_id, event_id, place)
     join usage_events u using (account_id, event_id)`,
    [keys.map(({ accountId }) => accountId), keys.map(({ id }) => id)],
  );
  const found = new Map(rows.map((row) => [Number(row.place) - 1, toPostedEvent(row)]));
  return keys.map((_, index) => found.get(index) ?? null);
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
