/** Who an account is at the payment provider. */
import { notFound } from '../../domain/errors';
import { readCustomer } from '../../ledger/methods/readCustomer';
import { storeCustomer } from '../../ledger/methods/storeCustomer';
import type { Uses } from '../services';

/** The account's customer, made when it is needed first. */
export async function customerOf(account: string, { pool, provider }: Uses<'pool' | 'provider'>): Promise<string> {
  const customer = await readCustomer(pool, account);
  if (customer === undefined) throw notFound(`account ${account}`);
  return customer ?? storeCustomer(pool, account, await provider.createCustomer(account));
}
