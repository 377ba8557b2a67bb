/** What is done to the processes and connections in a step, by kind. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../random';
import type { Ballast } from './ballast';
import type { Moment, Trap } from './lossyProxy';
import { PROGRAMS, type ProcessName, type Program, type Server } from './parts';
import { patiently } from './patiently';
import type { WebhookMode } from './webhookRelay';

export type Victim = { name: ProcessName; atMs: number; how: 'killed' | 'frozen' };
export type Struck = {
  /** As the report counts them. */
  kind: string;
  /** What was ended or frozen: it must serve again. */
  victims: Victim[];
};
export type Fault = { kind: string; strike: (ballast: Ballast) => Promise<Struck> };

/** If what a fault waits for has not been said by then, it strikes all the same. */
const TRAP_MS_MAX = 2_000;
const MOMENTS: readonly Moment[] = ['before', 'sent', 'answered'];

/** What is said on a connection at each step of usage and of a charge. */
const STEPS: readonly { step: string; server: Server; match: RegExp; programs: readonly Program[] }[] = [
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
  { step: 'PaymentIntent read', server: 'stripe', match: /^GET \/v1\/payment_intents/, programs: PROGRAMS },
];
const LOSSES: readonly { what: string; server: Server; match: RegExp; when: Moment }[] = [
  { what: 'before COMMIT was sent', server: 'Postgres', match: /\bcommit\0/i, when: 'before' },
  { what: 'before usage was sent', server: 'Postgres', match: /post-usage/, when: 'before' },
  { what: 'after COMMIT was sent', server: 'Postgres', match: /\bcommit\0/i, when: 'sent' },
  { what: 'before COMMIT was answered', server: 'Postgres', match: /\bcommit\0/i, when: 'answered' },
  { what: 'after usage was sent', server: 'Postgres', match: /post-usage/, when: 'sent' },
  { what: 'before usage was answered', server: 'Postgres', match: /post-usage/, when: 'answered' },
  { what: 'to Temporal', server: 'Temporal', match: /./s, when: 'answered' },
  { what: 'to Stripe, which has charged', server: 'stripe', match: /^POST .*confirm/, when: 'answered' },
];

const VICTIMS: readonly ProcessName[] = [...PROGRAMS, 'Postgres', 'Temporal', 'stripe'];
const kindOf = (name: ProcessName): string => name.replace(/ \d$/, '');

/** Sets a trap on the proxies of some programs; when the first is met, or none is in time, the others are gone. */
async function trapped(ballast: Ballast, programs: readonly Program[], server: Server, trap: Trap): Promise<boolean> {
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

/** kill -9 at one step of usage or of a charge, or at any time. */
function killing(random: Random): Fault {
  const victim = random.pick(VICTIMS);
  const at = random.chance(0.7) ? random.pick(STEPS) : null;
  const when = random.pick(MOMENTS);
  const kind = `kill -9 of ${kindOf(victim)}`;
  return {
    kind,
    async strike(ballast) {
      let atMs: number | null = null;
      const strike = (): void => void (atMs ??= ballast.kill(victim));
      if (at !== null) {
        const own = at.programs.filter((program) => program === victim);
        const programs = own.length > 0 ? own : at.programs;
        await trapped(ballast, programs, at.server, { match: at.match, when, strike, lose: false });
      }
      strike();
      return { kind, victims: [{ name: victim, atMs: atMs!, how: 'killed' }] };
    },
  };
}

function losing(random: Random): Fault {
  const { what, server, match, when } = random.pick(LOSSES);
  const kind = `connection lost ${what}`;
  return {
    kind,
    async strike(ballast) {
      await trapped(ballast, PROGRAMS, server, { match, when, lose: true });
      return { kind, victims: [] };
    },
  };
}

const cutting = (random: Random): Fault => {
  const program = random.pick(PROGRAMS);
  const server = random.pick(['Postgres', 'Temporal', 'stripe'] as const);
  const kind = `all connections to ${server} cut`;
  return {
    kind,
    strike(ballast) {
      ballast.proxy(program, server).cut();
      return Promise.resolve({ kind, victims: [] });
    },
  };
};

const holding = (random: Random): Fault => {
  const program = random.pick(PROGRAMS);
  const server = random.pick(['Postgres', 'Temporal', 'stripe'] as const);
  const ms = random.between(500, 4_000);
  const kind = `connections to ${server} silent`;
  return {
    kind,
    async strike(ballast) {
      const proxy = ballast.proxy(program, server);
      proxy.hold();
      await sleep(ms);
      proxy.release();
      return { kind, victims: [] };
    },
  };
};

const cuttingFeed = (random: Random): Fault => {
  const program = random.pick(['api 1', 'api 2'] as const);
  const kind = 'feed of a gate cut';
  return {
    kind,
    strike(ballast) {
      ballast.proxy(program, 'Postgres').cut(/listen gates/);
      return Promise.resolve({ kind, victims: [] });
    },
  };
};

const freezing = (random: Random): Fault => {
  const victim = random.pick(VICTIMS);
  const ms = random.between(500, 4_000);
  const kind = `${kindOf(victim)} frozen`;
  return {
    kind,
    async strike(ballast) {
      ballast.signal(victim, 'SIGSTOP');
      await sleep(ms);
      ballast.signal(victim, 'SIGCONT');
      return { kind, victims: [{ name: victim, atMs: performance.now(), how: 'frozen' }] };
    },
  };
};

const STRIPE_EFFECTS = [
  ['Stripe answers no more, but has charged', 'timeout_after', '/confirm$'],
  ['Stripe answers no more', 'timeout_before', '/payment_intents'],
  ['Stripe cuts the connection, but has charged', 'reset_after', '/confirm$'],
  ['Stripe 500', 'error_500', '/v1/'],
  ['Stripe 500, but has charged', 'error_500_after', '/confirm$'],
  ['Stripe 409', 'error_409', '/v1/'],
  ['Stripe 429', 'error_429', '/v1/'],
  ['Stripe 503', 'error_503', '/v1/'],
  ['Stripe answers something else', 'garbage', '/v1/'],
  ['Stripe slow', 'delay', '/v1/'],
] as const;

const failingStripe = (random: Random): Fault => {
  const [kind, effect, path] = random.pick(STRIPE_EFFECTS);
  const times = random.between(1, 4);
  const delayMs = random.between(500, 3_000);
  return {
    kind,
    async strike(ballast) {
      await patiently(() => ballast.simulate('POST', '/faults', { match: { path }, times, effect, delayMs }));
      return { kind, victims: [] };
    },
  };
};

const WEBHOOKS: readonly (readonly [string, WebhookMode])[] = [
  ['webhooks never come', 'lose'],
  ['webhooks repeated', 'repeat'],
  ['webhooks reordered', 'reorder'],
  ['webhooks late', 'late'],
  ['webhooks forged', 'forge'],
];

/** For as long as the step's operations run: whoever heals puts it back. */
const twistingWebhooks = (random: Random): Fault => {
  const [kind, mode] = random.pick(WEBHOOKS);
  return {
    kind,
    strike(ballast) {
      ballast.webhooks.mode = mode;
      return Promise.resolve({ kind, victims: [] });
    },
  };
};

const losingTemporal = (): Fault => ({
  kind: "Temporal's data deleted",
  strike: (ballast) =>
    Promise.resolve({
      kind: "Temporal's data deleted",
      victims: [{ name: 'Temporal', atMs: ballast.loseTemporalData(), how: 'killed' }],
    }),
});

const HOUR_MS = 3_600_000;

/** For as long as the step's operations run. */
const turningClock = (random: Random): Fault => {
  const program = random.pick(PROGRAMS);
  const offMs = random.chance(0.5) ? HOUR_MS : -HOUR_MS;
  const kind = `clock an hour ${offMs > 0 ? 'ahead' : 'behind'}`;
  return {
    kind,
    strike: (ballast) =>
      Promise.resolve({ kind, victims: [{ name: program, atMs: ballast.setClock(program, offMs), how: 'killed' }] }),
  };
};

const FULL_MS: [number, number] = [2_000, 5_000];

const fillingDisk = (random: Random): Fault => {
  const ms = random.between(...FULL_MS);
  return {
    kind: 'disk full',
    async strike(ballast) {
      if (!ballast.disk.canBeFilled) return { kind: 'disk full (left out: no small disk can be mounted)', victims: [] };
      ballast.mayDie = true;
      for (const endMs = performance.now() + ms; performance.now() < endMs; await sleep(200)) ballast.disk.fill();
      ballast.disk.free();
      return { kind: 'disk full', victims: [] };
    },
  };
};

const killingBackend = (): Fault => ({
  kind: 'kill -9 of a backend of Postgres',
  strike(ballast) {
    ballast.killBackend();
    return Promise.resolve({ kind: 'kill -9 of a backend of Postgres', victims: [] });
  },
});

/** How often each is drawn. */
const KINDS: readonly (readonly [number, (random: Random) => Fault])[] = [
  [40, killing],
  [15, losing],
  [6, cutting],
  [6, holding],
  [4, cuttingFeed],
  [7, freezing],
  [12, failingStripe],
  [7, twistingWebhooks],
  [3, losingTemporal],
  [4, killingBackend],
  [4, turningClock],
  [2, fillingDisk],
];

/** @param only what its kind must have in it */
export function drawFault(random: Random, only = ''): Fault {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const fault = drawAny(random);
    if (fault.kind.includes(only)) return fault;
  }
  throw new Error(`There is no kind of fault with "${only}" in it.`);
}
const TRIES_MAX = 10_000;

function drawAny(random: Random): Fault {
  let at = random.next() * KINDS.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, draw] of KINDS) if ((at -= weight) < 0) return draw(random);
  return killing(random);
}

/** Ends what a fault has left switched on. */
export async function heal(ballast: Ballast): Promise<void> {
  ballast.webhooks.mode = 'pass';
  ballast.mayDie = false;
  for (const program of ballast.wrongClocks) await ballast.upAgain(program, ballast.setClock(program, 0));
  await patiently(() => ballast.simulate('DELETE', '/faults'));
}
