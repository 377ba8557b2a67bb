/** What an operation is: something a caller does, which asks until it is answered, and notes what it was told. */
import type { Pool } from 'pg';
import { Defect, type Reply } from '../../caller';
import type { Random } from '../../random';
import type { Acknowledged } from '../acknowledged';
import type { Account, People } from '../accounts';
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
export type Operation = (scene: Scene, random: Random, account: Account, name: string) => Promise<void>;

/** An answer that none of these statuses fits is a defect, whatever was killed. */
export function expect<T>(reply: Reply<T>, what: string, ...statuses: number[]): Reply<T> {
  const { status, body } = reply;
  if (!statuses.includes(status))
    throw new Defect(`${what} was answered ${status} ${JSON.stringify(body)}, not ${statuses.join(' or ')}`);
  return reply;
}

/** `12.34` of 1234 cents. */
export function dollarsOf(cents: number): string {
  const whole = Math.abs(cents);
  return `${cents < 0 ? '-' : ''}${Math.floor(whole / 100)}.${String(whole % 100).padStart(2, '0')}`;
}
