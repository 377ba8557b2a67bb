/** Tells an outage, which passes for all payments, from what is wrong with one of them. */
import { Problem } from '../domain/errors';
import { isDatabaseOutage } from '../ledger/databaseOutage';
import { isProviderOutage, isRefusedRequest } from '../stripe/reach';

/** Whether provider or database could not be asked: then all of it is tried again. Any other refusal is about one payment, account or method. */
export const isOutage = (error: unknown): boolean =>
  (error instanceof Problem && error.status === 503) ||
  isDatabaseOutage(error) ||
  (isProviderOutage(error) && !isRefusedRequest(error));
