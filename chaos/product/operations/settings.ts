/** What owners and admins set: auto-reload, suspensions, limits, sessions. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createCaller, Defect, expect } from '../../caller';
import { GIVE_UP_MS } from '../accounts';
import type { Operation } from './operation';

export const changeSettings: Operation = async (_scene, random, { id: account, owner }) => {
  const path = `/v1/accounts/${account}/auto-reload`;
  const put = { threshold: random.pick(['5.00', '10.00', '15.00']), amount: random.pick(['25.00', '50.00']) };
  const what = random.pick(['put', 'put', 'put', 'pause', 'resume', 'disable', 'preview'] as const);
  const wish = { body: { ...put, acceptTerms: true } };
  if (what === 'put') expect(await owner.ask('PUT', path, wish), 'settings', 200, 202, ...NOT_SAVED);
  else if (what === 'preview') expect(await owner.ask('POST', `${path}/preview`, wish), 'a preview', 200);
  else if (what === 'disable') expect(await owner.ask('DELETE', path), 'the end of auto-reload', 200);
  else expect(await owner.ask('POST', `${path}/${what}`), what, 200, ...NOT_CHANGED[what]);
};
/** Settings that charge at once may be refused by what has happened before in the campaign. */
const NOT_SAVED = [
  'card_declined',
  'rate_limited',
  'reload_in_flight',
  'account_suspended',
  'breaker_reached',
] as const;
const NOT_CHANGED = {
  pause: ['auto_reload_not_on'],
  resume: ['auto_reload_not_paused', 'account_suspended'],
} as const;

export const suspendAndResume: Operation = async ({ people, acknowledged }, random, { id: account }) => {
  const path = `/v1/accounts/${account}/suspension`;
  const stays = random.chance(0.1);
  expect(await people.admin.ask('PUT', path, { body: { reason: 'chaos' } }), 'a suspension', 200);
  acknowledged.suspend(account, true);
  if (stays) return;
  expect(await people.admin.ask('DELETE', path), 'the end of a suspension', 200);
  acknowledged.suspend(account, false);
};

/** Asked for by the owner, decided by an admin. */
export const askForLimit: Operation = async ({ people, acknowledged }, random, { id: account, owner }) => {
  const asked = expect(
    await owner.ask<{ id: string }>('POST', `/v1/accounts/${account}/limit-requests`, {
      body: { key: 'batch.requests_per_minute', requested: random.between(20_000, 1_000_000), reason: 'chaos' },
    }),
    'a limit request',
    201,
    'too_many_limit_requests',
    // The limit may have been raised to as much before.
    'out_of_range',
  );
  if (asked.status !== 201) return;
  const decision = random.pick(['approve', 'deny'] as const);
  const path = `/v1/limit-requests/${asked.body.id}/decision`;
  const decided = expect(
    await people.admin.ask('POST', path, { body: { decision, note: 'chaos' } }),
    'a decision',
    200,
    // A repeat after a lost answer: nobody else decides this request.
    'limit_request_decided',
    'out_of_range',
  );
  if (decided.status !== 422)
    acknowledged.decide({ id: asked.body.id, status: decision === 'approve' ? 'approved' : 'denied' });
};

const SIGNED_OUT_MS_MAX = 5_000;

/** A session of the console: signed in, asked for at both APIs, signed out everywhere. */
export const signInAndOut: Operation = async ({ ballast }, _random, { ownerKey }) => {
  const browser = createCaller(ballast.apiUrls, null, GIVE_UP_MS);
  const signedIn = expect(
    await browser.ask('POST', '/v1/session', { body: { key: ownerKey } }),
    'a sign-in',
    200,
    'rate_limited',
  );
  if (signedIn.status !== 200) return;
  const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!;
  const who = async (): Promise<number> => (await browser.ask('GET', '/v1/session', { headers: { cookie } })).status;
  if ((await who()) !== 200) throw new Defect('a session that was begun is not known');
  const origin = ballast.apiUrls[0]!;
  expect(await browser.ask('DELETE', '/v1/session', { headers: { cookie, origin } }), 'a sign-out', 204);
  for (const endMs = performance.now() + SIGNED_OUT_MS_MAX; (await who()) === 200; await sleep(100))
    if (performance.now() > endMs) throw new Defect('a session that was ended is still known');
};
