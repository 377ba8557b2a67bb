/** An account's customer at the payment provider: made when it is needed, and made anew when it was deleted there (P1). */
import { accountClosed, notFound } from '../domain/errors';
import { transaction } from '../ledger/db';
import { loseCustomer } from '../ledger/methods/loseCustomer';
import { readCustomer } from '../ledger/methods/readCustomer';
import { storeCustomer } from '../ledger/methods/storeCustomer';
import { CustomerMissing } from '../stripe/customerMissing';
import type { SyncDeps } from './deps';

type CustomerDeps = Pick<SyncDeps, 'pool' | 'provider' | 'log' | 'clock'>;

/** Deleted more often than this within one call, it is somebody's doing. */
const TRIES_MAX = 3;

/**
 * Does something with the account's customer. Where Stripe says that it was deleted, it is done once more with a new one.
 * Throws `not_found` and `account_closed`, and what `use` throws.
 */
export async function withCustomer<T>(
  deps: CustomerDeps,
  accountId: string,
  use: (customerId: string) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const customerId = await customerOf(deps, accountId);
    try {
      return await use(customerId);
    } catch (error) {
      if (!(error instanceof CustomerMissing) || tries === TRIES_MAX) throw error;
      if (!(await syncCustomer(deps, customerId, deps.clock.now())).deleted) throw error;
    }
  }
}

async function customerOf({ pool, provider }: CustomerDeps, accountId: string): Promise<string> {
  for (let tries = 1; tries <= TRIES_MAX; tries++) {
    const customer = await readCustomer(pool, accountId);
    if (!customer) throw notFound(`account ${accountId}`);
    if (customer.closing) throw accountClosed(accountId);
    if (customer.id !== null) return customer.id;
    const made = await provider.createCustomer(accountId, customer.generation);
    const stored = await storeCustomer(pool, accountId, made, customer.generation);
    if (stored !== null) return stored;
  }
  throw accountClosed(accountId);
}

/** Looks whether the customer was deleted at Stripe. Then its methods are gone, and owners are told, once. */
export async function syncCustomer(
  { pool, provider, log }: CustomerDeps,
  customerId: string,
  nowMs: number,
): Promise<{ deleted: boolean; accountId: string | null }> {
  if (!(await provider.isCustomerDeleted(customerId))) return { deleted: false, accountId: null };
  const accountId = await transaction(pool, (tx) => loseCustomer(tx, customerId, nowMs));
  if (accountId !== null)
    log.warn({ account: accountId, customer: customerId }, "an account's customer was deleted at Stripe");
  return { deleted: true, accountId };
}
