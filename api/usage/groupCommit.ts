/** Joins what many requests want to commit: whatever arrives while one commit is in flight goes with the next. */
export type GroupCommitOptions<Item, Result> = {
  /** Commits all items or none. Called for one batch at a time. */
  commit(items: readonly Item[]): Promise<Result>;
  /** Whether a failed commit was one item's fault; its requests are then committed each by itself. */
  isItemsFault(error: unknown): boolean;
  /** A batch holds at most so many items, and always at least one request. */
  itemsMax: number;
  /** `hasRoom` says no beyond so many waiting items. */
  waitingMax: number;
  /** Taken of each request: its batch is committed within that of its first one. @default the one that found nothing in flight */
  keepContext?: (() => <T>(work: () => T) => T) | undefined;
};

/** `first`: the place of the request's first item in the batch. */
export type Committed<Result> = { result: Result; first: number };

export type GroupCommit<Item, Result> = {
  /** Whether so many more items can wait; a request larger than that may when it is alone. */
  hasRoom(items: number): boolean;
  /** Resolves when the request's items are durable. Takes whatever comes: ask `hasRoom` first. */
  submit(items: readonly Item[]): Promise<Committed<Result>>;
  /** How many items wait for the next commit. */
  waiting(): number;
  /** Resolves when nothing is waiting or in flight. */
  idle(): Promise<void>;
};

type Waiting<Item, Result> = {
  items: readonly Item[];
  within: <T>(work: () => T) => T;
  resolve(committed: Committed<Result>): void;
  reject(error: unknown): void;
};

const here = <T>(work: () => T): T => work();

/** There is no timer: a request that finds nothing in flight is committed at once, a busy server batches by itself. */
export function createGroupCommit<Item, Result>(options: GroupCommitOptions<Item, Result>): GroupCommit<Item, Result> {
  const queue: Waiting<Item, Result>[] = [];
  let waitingItems = 0;
  let running: Promise<void> | null = null;

  function takeBatch(): Waiting<Item, Result>[] {
    let items = 0;
    let count = 0;
    while (count < queue.length && (count === 0 || items + queue[count]!.items.length <= options.itemsMax)) {
      items += queue[count]!.items.length;
      count += 1;
    }
    waitingItems -= items;
    return queue.splice(0, count);
  }

  async function commitTogether(batch: Waiting<Item, Result>[]): Promise<void> {
    try {
      const items = batch.length === 1 ? batch[0]!.items : batch.flatMap((request) => request.items);
      const result = await batch[0]!.within(() => options.commit(items));
      let first = 0;
      for (const request of batch) {
        request.resolve({ result, first });
        first += request.items.length;
      }
    } catch (error) {
      if (batch.length > 1 && options.isItemsFault(error)) {
        for (const request of batch) await commitTogether([request]);
      } else {
        for (const request of batch) request.reject(error);
      }
    }
  }

  async function run(): Promise<void> {
    while (queue.length > 0) await commitTogether(takeBatch());
    running = null;
  }

  return {
    hasRoom: (items) => waitingItems === 0 || waitingItems + items <= options.waitingMax,
    waiting: () => waitingItems,
    submit(items) {
      return new Promise((resolve, reject) => {
        queue.push({ items, within: options.keepContext?.() ?? here, resolve, reject });
        waitingItems += items.length;
        running ??= run();
      });
    },
    idle: () => running ?? Promise.resolve(),
  };
}
