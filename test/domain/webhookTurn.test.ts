import { WEBHOOK_RETRY_DELAYS_MS } from '../../domain/webhook';
import {
  endpointRestMs,
  placesHeldWaitMs,
  waitedInVain,
  webhookTurn,
  type EndpointHealth,
  type TurnAsked,
} from '../../domain/webhookTurn';
import { times } from '../support/times';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const turn = (endpoint: Partial<EndpointHealth> = {}, asked: Partial<TurnAsked> = {}, random = 0.5) =>
  webhookTurn(
    { tookMs: 100, unanswered: 0, restMs: 0, lineMs: 0, ...endpoint },
    { isTest: false, ageMs: 0, underWay: { endpoint: 0, account: 0 }, slowToo: true, ...asked },
    random,
  );
const full = { underWay: { endpoint: 2, account: 2 } };

test.each<[string, Partial<EndpointHealth>, Partial<TurnAsked>]>([
  ['two of its endpoint', {}, full],
  ['four of its account', {}, { underWay: { endpoint: 0, account: 4 } }],
  ['one of an endpoint that hangs', { unanswered: 1 }, { underWay: { endpoint: 1, account: 1 } }],
  ['all that a worker takes to slow endpoints', { tookMs: 2_000 }, { slowToo: false }],
  ['those, at an endpoint that was never tried', { tookMs: null }, { slowToo: false }],
])('N2 a try waits while as many are under way as may be: %s', (_, endpoint, asked) => {
  expect(turn(endpoint, asked)).toMatchObject({ kind: 'later' });
});

test.each<[string, Partial<EndpointHealth>, Partial<TurnAsked>]>([
  ['fewer', {}, { underWay: { endpoint: 1, account: 3 } }],
  ['no slow ones more', { tookMs: 1_999 }, { slowToo: false }],
])('N2 a try is made at once while %s are under way', (_, endpoint, asked) => {
  expect(turn(endpoint, asked)).toMatchObject({ kind: 'now' });
});

test('N2 those that wait stand in a line, by the time that a try takes there', () => {
  const hangs = { tookMs: 15_000 };
  expect(turn(hangs, full)).toEqual({ kind: 'later', waitMs: 8_500, lineMs: 7_500 });
  expect(turn({ ...hangs, lineMs: 7_500 }, full)).toEqual({ kind: 'later', waitMs: 16_000, lineMs: 15_000 });
  expect(turn({ ...hangs, unanswered: 1, lineMs: 15_000 }, full)).toEqual({
    kind: 'later',
    waitMs: 31_000,
    lineMs: 30_000,
  });
  expect(turn({ tookMs: 10, lineMs: -5_000 }, full)).toEqual({ kind: 'later', waitMs: 1_025, lineMs: 25 });
});

test('N2 a line takes an hour at most, over which those spread that are more', () => {
  const long = { tookMs: 15_000, lineMs: HOUR_MS - 1 };
  expect(turn(long, full, 0.25)).toEqual({ kind: 'later', waitMs: HOUR_MS / 4 + 1_000, lineMs: HOUR_MS });
  expect(turn({ ...long, restMs: 60_000, lineMs: 2 * HOUR_MS }, full, 0)).toMatchObject({ waitMs: 61_000 });
});

test('N2 an endpoint that did not answer three times in a row rests: half a minute, then longer, a quarter of an hour at most', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 7, 8, 100].map((n) => endpointRestMs(n) / 1_000)).toEqual([
    0, 0, 0, 30, 60, 120, 240, 480, 900, 900,
  ]);
  expect(turn({ unanswered: 3, tookMs: 15_000, restMs: 30_000 })).toEqual({
    kind: 'later',
    waitMs: 46_000,
    lineMs: 45_000,
  });
  expect(turn({ unanswered: 3, tookMs: 15_000, restMs: -1 })).toMatchObject({ kind: 'now' });
});

test('N2 only what took long for nothing is waited for in vain: not a refused connection, nor a late answer', () => {
  expect([waitedInVain(15_000, false), waitedInVain(20, false), waitedInVain(14_000, true)]).toEqual([
    true,
    false,
    false,
  ]);
});

test('N2 a delivery that is alone at its endpoint is held up by no rest: it waits longer anyway', () => {
  WEBHOOK_RETRY_DELAYS_MS.forEach((delayMs, index) => expect(endpointRestMs(index + 1)).toBeLessThan(delayMs));
});

test('N2 a test waits for a place only, and looks again in a second', () => {
  const rests = { unanswered: 5, restMs: 60_000, lineMs: HOUR_MS };
  expect(turn(rests, { isTest: true })).toMatchObject({ kind: 'now' });
  expect(turn(rests, { isTest: true, ...full })).toEqual({ kind: 'later', waitMs: 1_000, lineMs: HOUR_MS });
});

test('N2 what an endpoint that has been silent for a day has not taken after four is given up; what waits for a place alone is not', () => {
  const silent = { unanswered: 100, restMs: 1 };
  expect(turn(silent, { ageMs: 4 * DAY_MS + 1 })).toEqual({ kind: 'given_up' });
  expect(turn(silent, { ageMs: 4 * DAY_MS })).toMatchObject({ kind: 'later' });
  expect(turn({}, { ageMs: 5 * DAY_MS, ...full })).toMatchObject({ kind: 'later' });
  expect(turn({}, { ageMs: 5 * DAY_MS })).toMatchObject({ kind: 'now' });
});

test('N2 an outage of ours gives up nothing: an endpoint is silent for long by a day of its own rests', () => {
  expect(turn({ unanswered: 3, restMs: 30_000 }, { ageMs: 5 * DAY_MS })).toMatchObject({ kind: 'later' });
  expect(turn({ unanswered: 99, restMs: 1 }, { ageMs: 30 * DAY_MS })).toMatchObject({ kind: 'later' });
  const restedMs = times(100, (n) => endpointRestMs(n)).reduce((sum, ms) => sum + ms, 0);
  expect(Math.round(restedMs / HOUR_MS)).toBe(23);
});

test('N2 those that found the places being counted look again in a second or two, at different times', () => {
  expect([0, 0.5, 0.999].map(placesHeldWaitMs)).toEqual([1_000, 1_500, 1_999]);
});
