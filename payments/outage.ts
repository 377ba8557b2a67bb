/** Tells an outage, which passes for all payments, from what is wrong with one of them. */
import { Problem } from '../domain/errors';
import { isDatabaseOutage } from '../ledger/databaseOutage';
import { isProviderOutage, isRefusedRequest } from '../stripe/reach';

/** Whether provider or database could not be asked, or somebody else is at it: then all of it is tried again. */
export const isOutage = (error: unknown): boolean =>
  error instanceof Problem || isDatabaseOutage(error) || (isProviderOutage(error) && !isRefusedRequest(error));
