/** Asks for many things by few questions: what comes while one is under way goes together with the next. */
import { setTimeout as sleep } from 'node:timers/promises';

export type Lookups<Item, Found> = {
  /** Rejects as the question does. Ask `hasRoom` first: this takes whatever comes. */
  find(item: Item): Promise<Found>;
  /** Whether one more may wait. */
  hasRoom(): boolean;
};

export type LookupsOptions<Item, Found> = {
  /** Answers in the order of the items. */
  ask(items: readonly Item[]): Promise<readonly Found[]>;
  /** So many questions are under way at once. */
  questionsMax: number;
  /** So many items are in one question. */
  itemsMax: number;
  waitingMax: number;
  /** From one question to the next. @default 0 */
  pauseMs?: number;
};

type Waiting<Item, Found> = { item: Item; resolve(found: Found): void; reject(error: unknown): void };

/** An item that finds no question under way is asked for at once, by itself. */
export function createLookups<Item, Found>(options: LookupsOptions<Item, Found>): Lookups<Item, Found> {
  const { ask, questionsMax, itemsMax, waitingMax, pauseMs = 0 } = options;
  const waiting: Waiting<Item, Found>[] = [];
  let underWay = 0;

  async function askTogether(asked: readonly Waiting<Item, Found>[]): Promise<void> {
    try {
      const found = await ask(asked.map(({ item }) => item));
      asked.forEach(({ resolve }, index) => resolve(found[index]!));
    } catch (error) {
      asked.forEach(({ reject }) => reject(error));
    }
  }

  async function run(): Promise<void> {
    underWay += 1;
    while (waiting.length > 0) {
      const paused = pauseMs > 0 ? sleep(pauseMs, undefined, { ref: false }) : undefined;
      await askTogether(waiting.splice(0, itemsMax));
      await paused;
    }
    underWay -= 1;
  }

  return {
    hasRoom: () => waiting.length < waitingMax,
    find(item) {
      return new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        if (underWay < questionsMax) void run();
      });
    },
  };
}
