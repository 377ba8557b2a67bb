/** One timer per due time, however often the workflow wakes meanwhile. */
import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';

export class Alarm {
  private due: { untilMs: number; scope: CancellationScope } | null = null;

  /** @param ring called when the time has come; not after another `set` or `clear` */
  constructor(private readonly ring: () => void) {}

  set(untilMs: number): void {
    if (this.due?.untilMs === untilMs) return;
    this.clear();
    const scope = new CancellationScope();
    this.due = { untilMs, scope };
    scope
      .run(() => sleep(Math.max(1, untilMs - Date.now())))
      .then(() => {
        this.due = null;
        this.ring();
      })
      .catch((error) => {
        if (!isCancellation(error)) throw error;
      });
  }

  clear(): void {
    this.due?.scope.cancel();
    this.due = null;
  }
}
