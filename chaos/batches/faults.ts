/** Kills and freezes processes at random, until it is stopped; then all of them run again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../random';
import type { Victim } from './processes';

export type Faults = {
  /** How often each was done, by process and kind. */
  counts: Map<string, number>;
  /** Resolves when nothing is frozen any more. */
  stop(): Promise<void>;
};

/** @param pauseMs between two faults */
export function startFaults(victims: readonly Victim[], random: Random, pauseMs: [number, number]): Faults {
  const counts = new Map<string, number>();
  const stopping = new AbortController();
  const frozen = new Map<Victim, Promise<void>>();

  const signal = (pid: number, name: NodeJS.Signals): boolean => {
    try {
      return process.kill(pid, name);
    } catch {
      return false; // it has ended meanwhile
    }
  };

  async function freeze(pid: number, ms: number): Promise<void> {
    signal(pid, 'SIGSTOP');
    await sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);
    signal(pid, 'SIGCONT');
  }

  function strike(): void {
    const victim = random.pick(victims);
    const kind = random.chance(0.5) ? 'killed' : 'frozen';
    const ms = random.between(...victim.freezeMs);
    const pid = victim.pid();
    if (pid === undefined || frozen.has(victim)) return;
    const key = `${victim.name.replace(/ \d+$/, '')} ${kind}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    if (kind === 'killed') return void signal(pid, 'SIGKILL');
    frozen.set(
      victim,
      freeze(pid, ms).finally(() => frozen.delete(victim)),
    );
  }

  const running = (async () => {
    while (!stopping.signal.aborted) {
      await sleep(random.between(...pauseMs), undefined, { signal: stopping.signal }).catch(() => undefined);
      if (!stopping.signal.aborted) strike();
    }
  })();

  return {
    counts,
    async stop() {
      stopping.abort();
      await running;
      await Promise.all(frozen.values());
    },
  };
}
