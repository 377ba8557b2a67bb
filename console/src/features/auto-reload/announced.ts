/** Nothing is charged that was not announced: the server is told what was, and refuses when it would be another sum. */
import { ProblemError } from '../../api/problem';

/** How it is announced that nothing is charged at once. */
export const NO_CHARGE = '0.00';

/** What would be charged by now, if that is why it was refused. Null: it was not; `charge` null: nothing would be. */
export const chargeChangedTo = (error: Error | null): { charge: string | null } | null =>
  error instanceof ProblemError && error.code === 'charge_changed' ? { charge: error.body?.wouldCharge ?? null } : null;
