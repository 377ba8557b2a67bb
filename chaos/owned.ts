/** Accounts with an owner and, where they need it, money of an admin's: opened by the API, also while processes die. */
import { formatCents } from '../domain/money';
import { createCaller, expect, must, type Caller } from './caller';

export type Owned = { id: string; owner: Caller; ownerKey: string };

/** @throws Defect when it is refused */
export async function openOwned(
  admin: Caller,
  places: string | readonly string[],
  id: string,
  giveUpMs?: number,
): Promise<Owned> {
  const members = [{ name: 'Owner', email: `owner@${id}.example`, role: 'owner' }];
  const opened = await admin.ask('POST', '/v1/accounts', { body: { id, name: id, members } });
  // The first answer may have been lost.
  expect(opened, `the opening of ${id}`, 201, 'account_exists');
  const { data } = await must(admin.ask<{ data: { id: string }[] }>('GET', `/v1/accounts/${id}/members`));
  const { key: ownerKey } = await must(
    admin.ask<{ key: string }>('POST', `/v1/accounts/${id}/keys`, { body: { memberId: data[0]!.id } }),
  );
  return { id, owner: createCaller(places, ownerKey, giveUpMs), ownerKey };
}

/** An adjustment, once per account. Returns the number of its line. @throws Defect when it is refused */
export async function credit(admin: Caller, id: string, cents: number): Promise<number> {
  const { sequence } = await must(
    admin.ask<{ sequence: number }>('POST', `/v1/accounts/${id}/adjustments`, {
      body: { amount: formatCents(cents), reason: 'campaign' },
      headers: { 'idempotency-key': `credit-${id}` },
    }),
  );
  return sequence;
}
