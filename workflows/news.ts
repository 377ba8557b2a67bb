/** Whether something has happened since the last decision. Handlers tell it; only the loop waits for it. */
import { condition } from '@temporalio/workflow';

export class News {
  private isThere = false;

  tell(): void {
    this.isThere = true;
  }

  /** Resolves at once when something has happened already. */
  async next(): Promise<void> {
    await condition(() => this.isThere);
    this.isThere = false;
  }
}
