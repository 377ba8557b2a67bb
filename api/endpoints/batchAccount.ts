/** Whose files and batches are meant: the key's own account, or for a service the one that its header names (L2). */
import { notFound, Problem, type ErrorCode } from '../../domain/errors';
import { readAccount } from '../../ledger/accounts/readAccount';
import type { Call } from '../http/endpoint';
import { accountId } from '../http/schemas';
import type { Uses } from '../services';

/** For the document: what `accountOf` reads, and refuses. */
export const FOR_ACCOUNT = { 'X-Account-Id': 'For which account a service asks.' };
export const OF_ACCOUNT: readonly ErrorCode[] = ['invalid_request', 'not_found'];

/** @throws {Problem} `invalid_request` without a header that is needed, `not_found` for an account that does not exist */
export async function accountOf({ principal, header }: Call, { pool }: Uses<'pool'>): Promise<string> {
  if (principal.accountId !== null) return principal.accountId;
  const named = accountId.safeParse(header('x-account-id'));
  if (!named.success) {
    throw new Problem('invalid_request', 'A service says in X-Account-Id for which account it asks.', {
      errors: [{ path: 'X-Account-Id', message: 'is required: the id of an account' }],
    });
  }
  if (!(await readAccount(pool, named.data))) throw notFound(`account ${named.data}`);
  return named.data;
}
