/** What a cluster is made of, by name: each part is started with a line of its own, kept running, and stopped in an order. */
import type { Log } from '../commands';
import { keepRunning, type KeptRunning, type Service } from '../keepRunning';

export class Parts {
  private readonly kept = new Map<string, KeptRunning>();
  private stopping = false;

  /** @param note given what becomes of a part later. @default log */
  constructor(
    private readonly log: Log,
    private readonly note = log,
  ) {}

  isStopping(): boolean {
    return this.stopping;
  }

  current(name: string): Service {
    return this.kept.get(name)!.current();
  }

  /** Throws when the first start fails. */
  keep(name: string, start: () => Promise<Service>): Promise<void> {
    return this.add(name, () => keepRunning(name, start, this.note));
  }

  async add(name: string, start: () => Promise<KeptRunning>): Promise<void> {
    const began = performance.now();
    const part = await start();
    this.kept.set(name, part);
    // Whoever stops has looked at what was there then.
    if (this.stopping) return part.stop();
    this.log(`${name} is up (${((performance.now() - began) / 1_000).toFixed(1)} s)`);
  }

  /**
   * Nothing is started any more from now on.
   * @param rank lower ones stop first; of the same rank, those that were started last
   * @param after done for each that has stopped
   */
  async stop(rank: (name: string) => number = () => 0, after?: (name: string) => Promise<void>): Promise<void> {
    this.stopping = true;
    const parts = [...this.kept].toReversed().sort(([one], [other]) => rank(one) - rank(other));
    for (const [name, part] of parts) {
      await part.stop();
      await after?.(name);
    }
  }
}

/** Rejects when all have come to an end: what is still starting when others are stopped would be left. */
export async function all(starts: Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(starts)) if (outcome.status === 'rejected') throw outcome.reason;
}
