/** How long it takes until what was struck serves again: processes, usage, workflows, readiness. */
import { setTimeout as sleep } from 'node:timers/promises';
import { MODEL, PRICE } from './accounts';
import type { Struck } from './faults';
import type { Scene } from './operations/operation';
import { kindOf } from './parts';
import { patiently } from './patiently';
import { Violation } from './proof';

export type Recovery = {
  /** What works again: a process that was killed, or what callers see. */
  what: string;
  /** Of the fault. */
  kind: string;
  ms: number;
};

/** How long it took until what was struck runs again, and until each API takes usage and is ready. */
export async function recover(scene: Scene, struck: readonly Struck[], prefix: string): Promise<Recovery[]> {
  const { ballast } = scene;
  const victims = struck.flatMap((one) => one.victims);
  const kind = struck.length > 1 ? 'two faults at once' : struck[0]!.kind;
  const beganMs = victims[0]?.atMs ?? performance.now();
  const up = victims.map(async ({ name, atMs, how }) => ({
    what: `${kindOf(name)} ${how === 'killed' ? 'runs' : 'answers'} again`,
    kind,
    ms: how === 'killed' ? (await ballast.upAgain(name, atMs)) - atMs : 0,
  }));
  const usage = ballast.apiUrls.map(async (url, nth) => ({
    what: 'usage is taken again',
    kind,
    ms: (await takesUsage(url, scene, `${prefix}-probe-${nth}`)) - beganMs,
  }));
  const behind = victims.some(({ name }) => /^(worker|Temporal)/.test(name))
    ? [caughtUp(scene).then((atMs) => ({ what: 'workflows have caught up', kind, ms: atMs - beganMs }))]
    : [];
  const ready = ballast.apiUrls.map(async (url) => ({
    what: 'all is ready again',
    kind,
    ms: (await ballast.ready(url)) - beganMs,
  }));
  const all = await Promise.all([...up, ...usage, ...ready, ...behind]);
  return all.filter(({ what }) => !what.endsWith('answers again'));
}

const PROBE_MS_MAX = 120_000;

/** When no account's workflow has missed anything: what was decided for the last change of each is written down. */
async function caughtUp({ pool }: Scene): Promise<number> {
  for (const endMs = performance.now() + PROBE_MS_MAX; performance.now() < endMs; await sleep(50)) {
    const { rows } = await patiently(() =>
      pool.query<{ behind: boolean }>('select exists (select from balances where wake) as behind'),
    );
    if (!rows[0]!.behind) return performance.now();
  }
  throw new Violation(`Workflows are behind ${PROBE_MS_MAX / 1_000} s after the fault.`);
}

/** Only a commit shows that usage is taken: of one event, which may be a duplicate where an answer was lost. */
async function takesUsage(url: string, { people, acknowledged }: Scene, id: string): Promise<number> {
  const { id: account } = people.accounts[0]!;
  const sent = { account, id, costNano: PRICE.input };
  acknowledged.send(sent);
  const event = { id, accountId: account, model: MODEL, inputTokens: 1 };
  for (const endMs = performance.now() + PROBE_MS_MAX; performance.now() < endMs; await sleep(30)) {
    const answer = await fetch(`${url}/v1/usage`, {
      method: 'POST',
      headers: { authorization: `Bearer ${people.serviceKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ events: [event] }),
      signal: AbortSignal.timeout(5_000),
    }).catch(() => null);
    const told = await answer?.text().catch(() => null);
    if (!answer?.ok || typeof told !== 'string') continue;
    const { accepted, duplicates } = JSON.parse(told) as { accepted: number; duplicates: number };
    if (accepted + duplicates !== 1) throw new Violation(`Usage that shows recovery was answered ${told}`);
    acknowledged.take(sent);
    return performance.now();
  }
  throw new Violation(`${url} did not take usage for ${PROBE_MS_MAX / 1_000} s after the fault.`);
}
