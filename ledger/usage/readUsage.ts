/** What an account used and what it cost, summed by day, model or kind (B7). Reversed events are left out. */
import type { Nano } from '../../domain/money';
import type { Db } from '../db';

export type UsageGroup = 'day' | 'model' | 'kind';
export type UsageRow = {
  /** UTC date; each of these three is there when it is grouped by. */
  day?: string;
  model?: string;
  kind?: 'text' | 'image' | 'batch';
  requests: number;
  inputTokens: number;
  outputTokens: number;
  images: number;
  cost: Nano;
};

const EXPRESSIONS: Record<UsageGroup, string> = { day: "to_char(day, 'YYYY-MM-DD')", model: 'model', kind: 'kind' };

type Row = {
  day?: string;
  model?: string;
  kind?: UsageRow['kind'];
  requests: bigint;
  input: bigint;
  output: bigint;
  images: bigint;
  cost: bigint;
};

/** @param period UTC dates such as 2026-11-21, both inclusive, by the events' `at`; null: without that bound */
export async function readUsage(
  db: Db,
  accountId: string,
  period: { from: string | null; to: string | null },
  groups: readonly UsageGroup[],
): Promise<UsageRow[]> {
  const grouped = groups.map((group) => `${EXPRESSIONS[group]} as ${group}`);
  const places = groups.map((_, index) => index + 1).join(', ');
  const order = groups.length > 0 ? `group by ${places} having sum(requests) > 0 order by ${places}` : '';
  const { rows } = await db.query<Row>(
    `select ${[...grouped, ...SUMS].join(', ')} from usage_of_days($1, $2, $3) ${order}`,
    [accountId, period.from, period.to],
  );
  return rows.map(({ requests, input, output, images, cost, ...group }) => ({
    ...group,
    requests: Number(requests),
    inputTokens: Number(input),
    outputTokens: Number(output),
    images: Number(images),
    cost: cost as Nano,
  }));
}

const SUMS = [
  'coalesce(sum(requests), 0)::bigint as requests',
  'coalesce(sum(input_tokens), 0)::bigint as input',
  'coalesce(sum(output_tokens), 0)::bigint as output',
  'coalesce(sum(images), 0)::bigint as images',
  'coalesce(sum(cost_nano), 0)::bigint as cost',
];
