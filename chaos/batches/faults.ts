/** Kills and freezes processes at random, until it is stopped; then all of them run again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { signalQuietly } from '../../dev/processTable';
import { kindOf } from '../product/parts';
import type { Random } from '../random';
import type { Victim } from './processes';

export type Faults = {
  /** How often each was done, by process and kind. */
  counts: Map<string, number>;
  /** Resolves when nothing is frozen any more. */
  stop(): Promise<void>;
};

type Strike = { victim: Victim; kind: 'killed' | 'frozen' };
const eachOnce = (victims: readonly Victim[]): Strike[] =>
  victims.flatMap((victim): Strike[] => [
    { victim, kind: 'killed' },
    { victim, kind: 'frozen' },
  ]);

export type FaultOptions = {
  /** Between two faults. */
  pauseMs: [number, number];
  /** In each of them every process is killed and frozen once, in random order. */
  rounds: number;
};

export function startFaults(victims: readonly Victim[], random: Random, { pauseMs, rounds }: FaultOptions): Faults {
  const counts = new Map<string, number>();
  const stopping = new AbortController();
  const frozen = new Map<Victim, Promise<void>>();

  async function thaw(pid: number, ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);
    signalQuietly(pid, 'SIGCONT');
  }

  /** False when it is frozen, or is being started again: then it is another's turn. */
  function strike({ victim, kind }: Strike): boolean {
    const ms = random.between(...victim.freezeMs);
    const pid = victim.pid();
    if (pid === undefined || frozen.has(victim)) return false;
    if (!signalQuietly(pid, kind === 'killed' ? 'SIGKILL' : 'SIGSTOP')) return false;
    const key = `${kindOf(victim.name)} ${kind}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    if (kind === 'frozen')
      frozen.set(
        victim,
        thaw(pid, ms).finally(() => frozen.delete(victim)),
      );
    return true;
  }

  const running = (async () => {
    for (let round = 0; round < rounds; round++)
      for (const due = eachOnce(victims); due.length > 0;) {
        await sleep(random.between(...pauseMs), undefined, { signal: stopping.signal }).catch(() => undefined);
        if (stopping.signal.aborted) return;
        const at = random.between(0, due.length - 1);
        if (strike(due[at]!)) due.splice(at, 1);
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
