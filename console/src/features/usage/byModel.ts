/** What the API says by day and model, summed by model, and with the smaller models together where colours end. */
import { addMoney, toNano } from '../../format/money';

export type UsageRow = {
  day?: string;
  model?: string;
  requests: number;
  inputTokens: number;
  outputTokens: number;
  images: number;
  cost: string;
};
export type ModelUsage = Required<Omit<UsageRow, 'day'>>;

/** The dearest first. */
export function byModel(rows: readonly UsageRow[]): ModelUsage[] {
  const sums = new Map<string, ModelUsage>();
  for (const { model = '', requests, inputTokens, outputTokens, images, cost } of rows) {
    const sum = sums.get(model) ?? { model, requests: 0, inputTokens: 0, outputTokens: 0, images: 0, cost: '0.00' };
    sums.set(model, {
      model,
      requests: sum.requests + requests,
      inputTokens: sum.inputTokens + inputTokens,
      outputTokens: sum.outputTokens + outputTokens,
      images: sum.images + images,
      cost: addMoney(sum.cost, cost),
    });
  }
  return [...sums.values()].sort((a, b) => Number(toNano(b.cost) - toNano(a.cost)) || (a.model < b.model ? -1 : 1));
}

/** For each day what each of the `named` models has cost, and all others together where there are any. */
export function byDay(
  rows: readonly UsageRow[],
  days: readonly string[],
  named: readonly string[],
  hasOthers: boolean,
): { day: string; amounts: string[] }[] {
  const ofDay = new Map<string, UsageRow[]>(days.map((day) => [day, []]));
  for (const row of rows) ofDay.get(row.day ?? '')?.push(row);
  const sum = (chosen: readonly UsageRow[]): string => addMoney(...chosen.map(({ cost }) => cost));
  return days.map((day) => {
    const all = ofDay.get(day)!;
    const amounts = named.map((name) => sum(all.filter(({ model }) => model === name)));
    return {
      day,
      amounts: hasOthers ? [...amounts, sum(all.filter(({ model }) => !named.includes(model ?? '')))] : amounts,
    };
  });
}
