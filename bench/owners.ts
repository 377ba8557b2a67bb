/** Accounts with an owner, by the API as people open them. */
import { createApi, type Api } from '../dev/apiClient';
import type { MeasuredBallast } from './ballast';

export type Owner = { id: string; key: string; api: Api };

export async function openOwner({ url, admin }: MeasuredBallast, id: string): Promise<Owner> {
  await admin.request('POST', '/v1/accounts', {
    body: { id, name: id, members: [{ name: 'Bench', email: `${id}@bench.example`, role: 'owner' }] },
  });
  const { data } = await admin.get<{ data: { id: string }[] }>(`/v1/accounts/${id}/members`);
  const { body } = await admin.request<{ key: string }>('POST', `/v1/accounts/${id}/keys`, {
    body: { memberId: data[0]!.id },
  });
  return { id, key: body.key, api: createApi(url, body.key) };
}

/** Has a card, a first payment, and auto-reload: $25.00 at $10.00. @param prepaid dollars, such as "20.00" */
export async function openPayer(ballast: MeasuredBallast, id: string, prepaid: string): Promise<Owner> {
  const owner = await openOwner(ballast, id);
  const path = `/v1/accounts/${id}`;
  await owner.api.request('POST', `${path}/payment-methods`, { body: { paymentMethod: 'pm_card_visa' } });
  await owner.api.request('POST', `${path}/prepayments`, { body: { amount: prepaid }, idempotencyKey: `first-${id}` });
  await owner.api.request('PUT', `${path}/auto-reload`, {
    body: { threshold: '10.00', amount: '25.00', acceptTerms: true },
  });
  return owner;
}
