/** What is said of processes: when they were up again, and whose death nobody has caused. */

export class Journal {
  /** While the disk is full processes may end by themselves. */
  mayDie = false;
  /** Lines of processes that ended although nobody had killed them: violations. */
  readonly diedByThemselves: string[] = [];
  private readonly upAt = new Map<string, number>();
  private readonly down = new Set<string>();

  constructor(private readonly log: (line: string) => void) {}

  /** It is killed now, and may be down until it is up again. */
  expectEnd(name: string): void {
    this.down.add(name);
  }

  /** By `performance.now()`; undefined: it was never started again. */
  upAtMs(name: string): number | undefined {
    return this.upAt.get(name);
  }

  /** @param line as whoever keeps it running says it */
  readonly note = (line: string): void => {
    const stopped = /^(.+) has stopped \(/.exec(line)?.[1];
    if (stopped !== undefined && !this.down.has(stopped) && !this.mayDie) this.diedByThemselves.push(line);
    const up = /^(.+?) (?:has stopped \(.*\) and )?is up again\b/.exec(line)?.[1];
    if (up !== undefined) {
      this.upAt.set(up, performance.now());
      this.down.delete(up);
    }
    this.log(line);
  };
}
