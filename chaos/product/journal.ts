/** What is said of processes: when they were up again, and whose death nobody has caused. */
import type { ProcessName } from './parts';

export class Journal {
  /** While the disk is full processes may end by themselves. */
  mayDie = false;
  /** Lines of processes that ended although nobody had killed them: violations. */
  readonly diedByThemselves: string[] = [];
  private readonly upAt = new Map<ProcessName, number>();
  private readonly down = new Set<ProcessName>();

  constructor(private readonly log: (line: string) => void) {}

  /** It is killed now, and may be down until it is up again. */
  expectEnd(name: ProcessName): void {
    this.down.add(name);
  }

  /** By `performance.now()`; undefined: it was never started again. */
  upAtMs(name: ProcessName): number | undefined {
    return this.upAt.get(name);
  }

  /** @param line as whoever keeps it running says it */
  readonly note = (line: string): void => {
    const up = /^(.+) is up again$/.exec(line)?.[1] as ProcessName | undefined;
    if (up !== undefined) {
      this.upAt.set(up, performance.now());
      this.down.delete(up);
    }
    const stopped = /^(.+) has stopped \(/.exec(line)?.[1] as ProcessName | undefined;
    if (stopped !== undefined && !this.down.has(stopped) && !this.mayDie) this.diedByThemselves.push(line);
    this.log(line);
  };
}
