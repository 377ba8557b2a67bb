/** All models and prices in memory, so that usage is priced without a query (B4). */
import type { Logger } from 'pino';
import type { Pool } from 'pg';
import { priceAt, type Price } from '../domain/pricing';
import type { ClockOptions } from '../ledger/clock';
import { listModels } from '../ledger/prices/listModels';
import type { Model } from '../ledger/prices/model';
import { readModels } from '../ledger/prices/readModels';

/** A new price for a priced model is known a minute ahead, so reading every 10 s is in time even when two reads fail. */
const REFRESH_MS = 10_000;
/** Older than this, prices are read again before anything is priced: half of that minute is left for the commit that puts one. */
const STALE_MS_MAX = 30_000;

export type PriceBook = {
  /** The price in force, or why there is none. Asks nobody: what is missing here is looked up with `learn` first. */
  find(model: string, atMs: number): Price | 'unknown_model' | 'no_price';
  /** Looks up models that are not known here, or have no price yet. */
  learn(models: readonly string[]): Promise<void>;
  /** Takes over what this process has just put. */
  put(model: Model): void;
  /** Resolves when every price in force is known for certain. */
  fresh(): Promise<void>;
  close(): void;
};

/**
 * The age of what was read goes by both clocks: durations do not count the time in which the machine was suspended, and the
 * clock of the process may be set. Whichever differs too much, whatever the direction, costs one read.
 */
export function createPriceBook(
  pool: Pool,
  log: Logger,
  { now = Date.now, elapsed = () => performance.now() }: ClockOptions = {},
): PriceBook {
  const prices = new Map<string, Price[]>();
  const put = (model: Model): void => void prices.set(model.id, model.prices);
  /** By each clock, when the last read began. */
  let readAt = { ownMs: -Infinity, elapsedMs: -Infinity };
  let reading: Promise<void> | null = null;

  const read = (): Promise<void> =>
    (reading ??= (async () => {
      const startedAt = { ownMs: now(), elapsedMs: elapsed() };
      for (const model of await listModels(pool)) put(model);
      readAt = startedAt;
    })().finally(() => (reading = null)));

  const isStale = (): boolean =>
    elapsed() - readAt.elapsedMs > STALE_MS_MAX || Math.abs(now() - readAt.ownMs) > STALE_MS_MAX;

  const timer = setInterval(
    () => void read().catch((error: Error) => log.warn({ err: error }, 'prices could not be read')),
    REFRESH_MS,
  );
  timer.unref();

  return {
    find(model, atMs) {
      const known = prices.get(model);
      return known ? (priceAt(known, atMs) ?? 'no_price') : 'unknown_model';
    },
    async learn(models) {
      for (const model of await readModels(pool, models)) put(model);
    },
    put,
    async fresh() {
      // A read that is under way may have begun before a suspension.
      while (isStale()) await read();
    },
    close: () => clearInterval(timer),
  };
}
