/** The moments at which faults strike: what is said on a connection at each step of usage and of a charge, and a trap for it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ballast } from './ballast';
import type { Moment, Trap } from './lossyProxy';
import { PROGRAMS, type Program, type Server } from './parts';

/** If what a fault waits for has not been said by then, it strikes all the same. */
const TRAP_MS_MAX = 2_000;
export const MOMENTS: readonly Moment[] = ['before', 'sent', 'answered'];

/** What is said on a connection at each step of usage and of a charge. */
export const STEPS: readonly { step: string; server: Server; match: RegExp; programs: readonly Program[] }[] = [
  { step: 'usage posted', server: 'Postgres', match: /post-usage|post_usage/, programs: ['api 1', 'api 2'] },
  { step: 'a commit', server: 'Postgres', match: /\bcommit\0/i, programs: PROGRAMS },
  { step: 'a statement', server: 'Postgres', match: /^[QPB]/, programs: PROGRAMS },
  { step: 'a message to Temporal', server: 'Temporal', match: /./s, programs: PROGRAMS },
  { step: 'PaymentIntent created', server: 'stripe', match: /^POST \/v1\/payment_intents /, programs: PROGRAMS },
  {
    step: 'PaymentIntent confirmed',
    server: 'stripe',
    match: /^POST \/v1\/payment_intents\/\w+\/confirm/,
    programs: PROGRAMS,
  },
  {
    step: 'PaymentIntent canceled',
    server: 'stripe',
    match: /^POST \/v1\/payment_intents\/\w+\/cancel/,
    programs: PROGRAMS,
  },
  { step: 'PaymentIntent read', server: 'stripe', match: /^GET \/v1\/payment_intents/, programs: PROGRAMS },
];
export const LOSSES: readonly { what: string; server: Server; match: RegExp; when: Moment }[] = [
  { what: 'before COMMIT was sent', server: 'Postgres', match: /\bcommit\0/i, when: 'before' },
  { what: 'before usage was sent', server: 'Postgres', match: /post-usage/, when: 'before' },
  { what: 'after COMMIT was sent', server: 'Postgres', match: /\bcommit\0/i, when: 'sent' },
  { what: 'before COMMIT was answered', server: 'Postgres', match: /\bcommit\0/i, when: 'answered' },
  { what: 'after usage was sent', server: 'Postgres', match: /post-usage/, when: 'sent' },
  { what: 'before usage was answered', server: 'Postgres', match: /post-usage/, when: 'answered' },
  { what: 'to Temporal', server: 'Temporal', match: /./s, when: 'answered' },
  { what: 'to Stripe, which has charged', server: 'stripe', match: /^POST .*confirm/, when: 'answered' },
];

/** Sets a trap on the proxies of some programs; when the first is met, or none is in time, the others are gone. */
export async function trapped(
  ballast: Ballast,
  programs: readonly Program[],
  server: Server,
  trap: Trap,
): Promise<boolean> {
  let sprung = false;
  const set = programs.map((program) =>
    ballast.proxy(program, server).trap({
      ...trap,
      strike: () => {
        if (sprung) return;
        sprung = true;
        trap.strike?.();
      },
    }),
  );
  await Promise.race([...set.map(({ met }) => met), sleep(TRAP_MS_MAX)]);
  set.forEach((one) => one.remove());
  return sprung;
}
