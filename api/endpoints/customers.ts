/** Who an account is at the payment provider. */
import { notFound, Problem } from '../../domain/errors';
import { readCustomer } from '../../ledger/methods/readCustomer';
import { storeCustomer } from '../../ledger/methods/storeCustomer';
import type { Uses } from '../services';

/** The account's customer, made when it is needed first. */
export async function customerOf(account: string, { pool, provider }: Uses<'pool' | 'provider'>): Promise<string> {
  const customer = await readCustomer(pool, account);
  if (customer === undefined) throw notFound(`account ${account}`);
  const stored = customer ?? (await storeCustomer(pool, account, await provider.createCustomer(account)));
  if (stored === null) throw new Problem('account_closed', `The account ${account} is closed, or about to be.`);
  return stored;
}
