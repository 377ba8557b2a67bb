/** What Ballast stands on in a campaign: Postgres and Temporal, as `npm start` or as a cluster has them. */
import type { Journal } from './journal';
import type { Kill } from './parts';
import type { Starts } from './starts';

export type GroundServer = 'Postgres' | 'Temporal';

export interface Ground {
  /** @throws when it can't, or is stopped meanwhile */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** As it is now: it may move. */
  port(server: GroundServer): number;
  /** As the owner of the tables. */
  databaseUrl(): string;
  /** As the role of API and workers. */
  serviceUrl(): string;
  /** The database of the Stripe simulator. */
  simulatorUrl(): string;
  /** Kills it at once; it, or what takes its place, comes by itself. */
  kill(server: GroundServer): Kill;
  /** False while there is none. */
  signal(server: GroundServer, signal: NodeJS.Signals): boolean;
  /** One of the processes that serve a connection each; Postgres ends all others then and recovers. False while there is none. */
  killBackend(): boolean;
  /** When it was up again last, by `performance.now()`; undefined: it never had to. */
  upAtMs(server: GroundServer): number | undefined;
  /** Returns when the next fault may strike. */
  settle(): Promise<void>;
}

export type GroundOptions = {
  /** Locked by the caller. */
  dataDir: string;
  journal: Journal;
  starts: Starts;
  log(line: string): void;
};
