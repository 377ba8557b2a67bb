/** Whose turn it is to be sent a webhook: an endpoint that hangs must hold up no other, of its own account or another's (N2). */

/** Tries under way at once. Of an endpoint that hangs there is one. */
export const WEBHOOK_PLACES = { endpoint: 2, account: 4 } as const;

/** An endpoint whose last try took so long is slow, and one that was never tried may be: these get a part of a worker's room only. */
const SLOW_MS = 2_000;

/** So many tries in a row wait in vain, and the endpoint rests. */
const VAIN_TRIES_MAX = 3;
/** The first rest; each further try in vain doubles it. A delivery that is alone waits longer than that anyway between its tries. */
const REST_MS_FIRST = 30_000;
const REST_MS_MAX = 15 * 60_000;

/** Temporal's timers are no finer, and each look for a place costs it something. */
const WAIT_MS_MIN = 1_000;
/** Between two turns in a line of which nothing is known yet. */
const STEP_MS_UNKNOWN = 100;
const STEP_MS_MIN = 25;
/** However many wait, each looks once in so long, so that an endpoint that has come back soon gets all of them. */
const LINE_MS_MAX = 60 * 60_000;

/** What is so old is given up if its endpoint has been silent for long: a day longer than ten tries take. */
const GIVEN_UP_AFTER_MS = 4 * 24 * 60 * 60_000;
/**
 * So many tries in a row in vain, with the rests between them a day. Tries and not hours: those in which we were away
 * ourselves say nothing about the endpoint.
 */
const SILENT_TRIES = 100;

/** An endpoint as its tries have left it. */
export type EndpointHealth = {
  /** Null before the first try. */
  tookMs: number | null;
  unanswered: number;
  /** How much of its rest is left; 0 or less: it does not rest. */
  restMs: number;
  /** When the last of its line has its turn, from now. */
  lineMs: number;
};

export type TurnAsked = {
  /** Its owner waits for the answer: no rest and no line holds it up. */
  isTest: boolean;
  /** Since the event. */
  ageMs: number;
  /** Other tries, of the same endpoint and of all endpoints of the account. */
  underWay: { endpoint: number; account: number };
  /** Whether the worker has room for an endpoint that is slow. */
  slowToo: boolean;
};

export type WebhookTurn =
  | { kind: 'now'; slow: boolean }
  /** `lineMs`: where the line ends with this one in it. */
  | { kind: 'later'; waitMs: number; lineMs: number }
  | { kind: 'given_up' };

/**
 * @param random from 0 to below 1: in a line as long as it gets, those that wait spread over it
 */
export function webhookTurn(endpoint: EndpointHealth, asked: TurnAsked, random: number): WebhookTurn {
  const { tookMs, unanswered } = endpoint;
  const restMs = asked.isTest ? 0 : Math.max(0, endpoint.restMs);
  const places = unanswered > 0 ? 1 : WEBHOOK_PLACES.endpoint;
  const slow = tookMs === null || tookMs >= SLOW_MS;
  const free =
    asked.underWay.endpoint < places && asked.underWay.account < WEBHOOK_PLACES.account && (asked.slowToo || !slow);
  if (restMs === 0 && free) return { kind: 'now', slow };
  if (asked.isTest) return { kind: 'later', waitMs: WAIT_MS_MIN, lineMs: endpoint.lineMs };
  if (restMs > 0 && unanswered >= SILENT_TRIES && asked.ageMs > GIVEN_UP_AFTER_MS) return { kind: 'given_up' };
  const stepMs = Math.max(STEP_MS_MIN, tookMs === null ? STEP_MS_UNKNOWN : tookMs / places);
  const longestMs = restMs + LINE_MS_MAX;
  const lineMs = Math.min(longestMs, Math.max(endpoint.lineMs, restMs) + stepMs);
  const turnMs = lineMs < longestMs ? lineMs : restMs + random * LINE_MS_MAX;
  return { kind: 'later', waitMs: Math.round(WAIT_MS_MIN + turnMs), lineMs: Math.round(lineMs) };
}

/** How long to wait when another counts the places. @param random from 0 to below 1: those that met do not meet again */
export const placesHeldWaitMs = (random: number): number => Math.round(WAIT_MS_MIN * (1 + random));

/** Whether a try held its place for long and for nothing. A refused connection does not: it is over at once. */
export const waitedInVain = (tookMs: number, answered: boolean): boolean => !answered && tookMs >= SLOW_MS;

/** @param unanswered tries in a row that waited in vain. 0: the endpoint does not rest. */
export const endpointRestMs = (unanswered: number): number =>
  unanswered < VAIN_TRIES_MAX ? 0 : Math.min(REST_MS_MAX, REST_MS_FIRST * 2 ** (unanswered - VAIN_TRIES_MAX));
