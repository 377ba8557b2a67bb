// Balance transactions: what a charge, refund or dispute did to the merchant's balance. Fees are left out.
import type Stripe from 'stripe';
import { z } from 'zod';
import { newId } from './ids';
import { listObjects, listParams } from './lists';
import { id, parseParams } from './params';
import type { ApiRequest } from './apiRequest';
import type { Transaction } from './transaction';

type Movement = { amount: number; source: string; type: 'charge' | 'refund' | 'refund_failure' | 'adjustment' };

/** `amount`: integer cents, negative when money leaves the balance. */
export function moveBalance(tx: Transaction, { amount, source, type }: Movement): Stripe.BalanceTransaction {
  return tx.put('balance_transactions', {
    id: newId('txn'),
    object: 'balance_transaction',
    amount,
    available_on: tx.now,
    balance_type: 'payments',
    created: tx.now,
    currency: 'usd',
    description: null,
    exchange_rate: null,
    fee: 0,
    fee_details: [],
    net: amount,
    reporting_category: type === 'adjustment' ? 'dispute' : type,
    source,
    status: 'available',
    type,
  });
}

export async function retrieveBalanceTransaction(tx: Transaction, request: ApiRequest): Promise<object> {
  parseParams(z.strictObject({}), request.params);
  return tx.need('balance_transactions', request.ids[0] as string);
}

const listTransactionsParams = z.strictObject({ ...listParams, source: id.optional(), type: z.string().optional() });

export async function listBalanceTransactions(tx: Transaction, request: ApiRequest): Promise<object> {
  const params = parseParams(listTransactionsParams, request.params);
  return listObjects(tx, 'balance_transactions', request.path, params, {
    where: { field: 'source', equals: params.source },
    keep: (movement) => params.type === undefined || movement.type === params.type,
  });
}

export async function retrieveBalance(tx: Transaction, request: ApiRequest): Promise<object> {
  parseParams(z.strictObject({}), request.params);
  const amount = await tx.environment.store.balance();
  return {
    object: 'balance',
    available: [{ amount, currency: 'usd', source_types: { card: amount } }],
    livemode: false,
    pending: [{ amount: 0, currency: 'usd', source_types: { card: 0 } }],
  };
}
