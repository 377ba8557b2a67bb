/** What an operation is: something a caller does, which asks until it is answered, and notes what it was told. */
import type { Pool } from 'pg';
import type { Random } from '../../random';
import type { Acknowledged } from '../acknowledged';
import type { Owned } from '../../owned';
import type { People } from '../accounts';
import type { Ballast } from '../ballast';
import type { Batches } from '../batches';
import type { GateWatch } from '../gates';

export type Scene = {
  ballast: Ballast;
  people: People;
  acknowledged: Acknowledged;
  batches: Batches;
  gates: GateWatch;
  /** As the owner of the tables, past all faults but those of Postgres itself. */
  pool: Pool;
};
/** @param name with which all ids of this one begin, so that the same seed makes the same ids */
export type Operation = (scene: Scene, random: Random, account: Owned, name: string) => Promise<void>;
