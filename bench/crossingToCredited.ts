/** Figure 13: how long after the usage that crossed the threshold the reload is credited, by the ledger's own clock. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createApi, type Api } from '../dev/apiClient';
import type { MeasuredBallast } from './ballast';
import { openPayer } from './owners';
import { summarize, type Figure } from './results';

type Line = { kind: string; at: string };

export async function crossingToCredited(ballast: MeasuredBallast, runs: number): Promise<Figure[]> {
  const { url, admin } = ballast;
  await admin.request('PUT', '/v1/models/bench-crossing', {
    body: {
      provider: 'bench',
      license: 'open',
      input: ['text'],
      output: 'text',
      batch: false,
      prices: [{ from: '2020-01-01T00:00:00Z', inputPerMillion: '1.00' }],
    },
  });
  const { body: service } = await admin.request<{ key: string }>('POST', '/v1/keys', {
    body: { role: 'service', name: 'bench' },
  });
  const reporter = createApi(url, service.key);
  const milliseconds: number[] = [];
  // The first one warms code and connections up and does not count.
  for (let run = -1; run < runs; run++) {
    const taken = await measureOne(ballast, reporter, `crossing-${Date.now()}-${run}`);
    if (run >= 0) milliseconds.push(taken);
  }
  return [summarize(13, 'threshold crossed → credited', 'ms', milliseconds)];
}

async function measureOne(ballast: MeasuredBallast, reporter: Api, id: string): Promise<number> {
  await openPayer(ballast, id, '20.00');
  await sleep(1_500); // until the relay has nothing more to say of this account

  await reporter.request('POST', '/v1/usage', {
    body: { events: [{ id, accountId: id, model: 'bench-crossing', inputTokens: 12_000_000 }] },
  });
  for (;;) {
    const { data } = await ballast.admin.get<{ data: Line[] }>(`/v1/accounts/${id}/transactions`);
    const at = (kind: string) => data.find((line) => line.kind === kind)?.at;
    const credited = at('reload');
    if (credited) return Date.parse(credited) - Date.parse(at('usage')!);
    await sleep(50);
  }
}
