/** Who did something, as the members of an account are told: they learn neither who runs Ballast nor how its keys are named (O5). */
import { ENDED_BY } from '../../ledger/limits/endLimitRequests';
import type { Principal } from '../http/auth';

/** Admins see the actor as it was written down. To members, those of the platform are Ballast, and its services a service. */
export function shownActor(actor: string, { accountId }: Pick<Principal, 'accountId'>): string {
  if (accountId === null) return actor;
  if (actor.startsWith('admin:') || actor === ENDED_BY) return 'Ballast';
  return actor.startsWith('service:') ? 'service' : actor;
}
