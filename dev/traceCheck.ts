/** Holds what an account was charged for a trace against the file's own sum. */
import { formatMoney, nano, parseMoney } from '../domain/money';
import type { Api } from './apiClient';
import type { TraceSums } from './traceFile';

interface UsageRow {
  model: string;
  requests: number;
  inputTokens: number;
  outputTokens: number;
  cost: string;
}

interface Transaction {
  kind: string;
  amount: string;
}

const ledgerPagesMax = 500;

/** All days: what a killed run charged yesterday counts too. */
const allTime = 'from=2020-01-01&to=2099-12-31';

export async function readCharged(admin: Api, accountId: string, model: string): Promise<TraceSums> {
  const { rows } = await admin.get<{ rows: UsageRow[] }>(`/v1/accounts/${accountId}/usage?${allTime}&groupBy=model`);
  const row = rows.find((candidate) => candidate.model === model);
  return {
    requests: BigInt(row?.requests ?? 0),
    inputTokens: BigInt(row?.inputTokens ?? 0),
    outputTokens: BigInt(row?.outputTokens ?? 0),
    costNano: parseMoney(row?.cost ?? '0'),
  };
}

/** A table of both sides; `exact` when they are the same in every number. */
export function compare(file: TraceSums, charged: TraceSums): { exact: boolean; table: string } {
  const money = (amount: bigint) => `$${formatMoney(nano(amount))}`;
  const rows: [string, bigint, bigint, (value: bigint) => string][] = [
    ['requests', file.requests, charged.requests, String],
    ['input tokens', file.inputTokens, charged.inputTokens, String],
    ['output tokens', file.outputTokens, charged.outputTokens, String],
    ['cost', file.costNano, charged.costNano, money],
  ];
  const lines = rows.map(
    ([name, left, right, show]) =>
      `  ${name.padEnd(14)}${show(left).padStart(20)}${show(right).padStart(20)}  ${left === right ? 'same' : `differs by ${show(right - left)}`}`,
  );
  const head = `  ${''.padEnd(14)}${'the file'.padStart(20)}${'the account'.padStart(20)}`;
  return { exact: rows.every(([, left, right]) => left === right), table: [head, ...lines].join('\n') };
}

/**
 * Whether the account's ledger deducted exactly what its usage costs, over all models.
 * null when that can't be told: other traffic moved it meanwhile, or the ledger is too long to read here.
 */
export async function ledgerAgrees(admin: Api, accountId: string): Promise<boolean | null> {
  const before = await usageTotal(admin, accountId);
  let sum = 0n;
  let cursor: string | null = '';
  for (let page = 0; cursor !== null; page += 1) {
    if (page === ledgerPagesMax) return null;
    const next: { data: Transaction[]; nextCursor: string | null } = await admin.get(
      `/v1/accounts/${accountId}/transactions?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    for (const { kind, amount } of next.data) if (kind.startsWith('usage')) sum -= parseMoney(amount);
    cursor = next.nextCursor;
  }
  return (await usageTotal(admin, accountId)) === before ? sum === before : null;
}

async function usageTotal(admin: Api, accountId: string): Promise<bigint> {
  const { total } = await admin.get<{ total: string }>(`/v1/accounts/${accountId}/usage?${allTime}`);
  return parseMoney(total);
}
