/** The whole proof for one database, and the provider where one is named; and how it is told. */
import { Client } from 'pg';
import { verifyProvider, type Provider } from './provider';
import { beginSnapshot, verify, type Result, type VerifyOptions } from './verify';

export type ProveOptions = VerifyOptions & {
  databaseUrl: string;
  /** Undefined: the ledger is not held against anybody's list of charges. */
  provider?: Provider | undefined;
};

/** Reads only, in one snapshot. @throws when the database or the provider does not answer */
export async function prove({ databaseUrl, provider, ...options }: ProveOptions): Promise<Result[]> {
  const client = new Client({ connectionString: databaseUrl, application_name: 'ballast-verify' });
  // A connection that breaks fails the query that is under way; without a listener it would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await beginSnapshot(client);
    const results = await verify(client, options);
    if (provider !== undefined) {
      const onProgress = (what: string, seen: number): void =>
        options.onProgress?.(`the provider's ${what}`, seen, seen);
      results.push(...(await verifyProvider(client, provider, { graceSeconds: options.graceSeconds, onProgress })));
    }
    await client.query('rollback');
    return results;
  } finally {
    await client.end();
  }
}

/** A table that people read; then, for each invariant that does not hold, the first rows that break it. */
export function tableOf(results: readonly Result[]): string {
  const rows = [
    ['invariant', 'rows checked', 'differences'],
    ...results.map(({ invariant, checked, differences }) => [invariant, grouped(checked), grouped(differences)]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map(([name, checked, differences]) =>
    [name!.padEnd(widths[0]!), checked!.padStart(widths[1]!), differences!.padStart(widths[2]!)].join('  '),
  );
  const wrong = results.flatMap(({ invariant, differences, first }) => [
    ...first.map(({ place, detail }) => `${invariant}\n  ${place}: ${detail}`),
    ...(differences > first.length ? [`  … and ${grouped(differences - first.length)} more`] : []),
  ]);
  return [...lines, ...(wrong.length > 0 ? ['', 'NOT AS IT MUST BE', ...wrong] : [])].join('\n');
}

const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

export const holds = (results: readonly Result[]): boolean => results.every(({ differences }) => differences === 0);
