/** Saved payment methods, and prepayments. */
import { queryOptions } from '@tanstack/react-query';
import { api, AS_CSV, csv, data, ofAccount, type Schemas } from './client';
import { keys } from './keys';
import { pageOf } from './paged';

export const methodsQuery = (id: string) =>
  queryOptions({
    queryKey: keys.topic(id, 'payment_methods'),
    queryFn: () => data(api.GET('/v1/accounts/{id}/payment-methods', ofAccount(id))),
  });

export const prepaymentsList = (id: string) => ({
  queryKey: keys.topic(id, 'prepayments'),
  read: (cursor: string | null) => data(api.GET('/v1/accounts/{id}/prepayments', ofAccount(id, pageOf(cursor)))),
  readCsv: () => csv(api.GET('/v1/accounts/{id}/prepayments', { ...ofAccount(id), ...AS_CSV })),
  keyOf: (prepayment: Schemas['Prepayment']) => prepayment.id,
});

export const prepaymentQuery = (id: string, prepaymentId: string) =>
  queryOptions({
    queryKey: [...keys.topic(id, 'prepayments'), 'one', prepaymentId],
    queryFn: () =>
      data(api.GET('/v1/accounts/{id}/prepayments/{prepaymentId}', { params: { path: { id, prepaymentId } } })),
  });
