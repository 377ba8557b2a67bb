/** L6: what may be asked and granted, and when admins are reminded. */
import { adminMailDueMs, adminMailsDue, refuseRaise } from '../../domain/limitRequest';
import { LIMIT_KEYS, LIMITS, tierLimit } from '../../domain/limits';
import { times } from '../support/times';

const DAY = 86_400_000;

test('L6 admins are mailed at once, after 1, 3 and 7 days, and each week from then on', () => {
  expect(times(7, (i) => adminMailDueMs(5, i + 1) - 5)).toEqual([0, 1, 3, 7, 14, 21, 28].map((days) => days * DAY));
  for (const number of [1, 2, 3, 4, 5, 60]) {
    const atMs = adminMailDueMs(5, number);
    expect([adminMailsDue(5, atMs - 1), adminMailsDue(5, atMs)]).toEqual([number - 1, number]);
  }
});

test.each(LIMIT_KEYS)('L6 %s can be raised from what stands to its bound, or not at all', (key) => {
  const current = tierLimit(key, 'standard');
  const { raisedTo } = LIMITS[key];
  if (raisedTo === null) {
    expect(refuseRaise(key, current + 1, current)).toMatchObject({ code: 'limit_fixed' });
    return;
  }
  expect(tierLimit(key, 'high')).toBeLessThan(raisedTo);
  expect(refuseRaise(key, current, current)).toMatchObject({ code: 'out_of_range' });
  expect(refuseRaise(key, current + 1, current)).toBeNull();
  expect(refuseRaise(key, raisedTo, current)).toBeNull();
  expect(refuseRaise(key, raisedTo + 1, current)).toMatchObject({ code: 'out_of_range' });
});
