/** The starts of a campaign's processes: none begins any more once it is being stopped, and that waits for those under way. */

export class Starts {
  private underWay = 0;
  private stopping = false;

  async unlessStopping<T>(start: () => T | Promise<T>): Promise<T> {
    this.throwIfStopping();
    this.underWay++;
    try {
      return await start();
    } finally {
      this.underWay--;
    }
  }

  throwIfStopping(): void {
    if (this.stopping) throw new Error('The campaign was stopped.');
  }

  /** From now on. */
  refuse(): void {
    this.stopping = true;
  }
  get areRefused(): boolean {
    return this.stopping;
  }
  get areUnderWay(): boolean {
    return this.underWay > 0;
  }
}
