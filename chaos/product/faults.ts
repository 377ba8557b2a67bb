/** What is done to the processes and connections in a step, by kind. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../random';
import type { Ballast, GroundName } from './ballast';
import type { Clustered, Supporting } from './clustered';
import type { Embedded } from './embedded';
import { LOSSES, MOMENTS, STEPS, trapped } from './moments';
import { kindOf, PROGRAMS, SERVERS, type Kill, type ProcessName } from './parts';
import { patiently } from './patiently';
import type { WebhookMode } from './webhookRelay';

export type Victim = { name: ProcessName; atMs: number; how: 'killed' | 'frozen' };
export type Struck = {
  /** As the report counts them. */
  kind: string;
  /** Whether it has met what it was aimed at; only then it is a fault. Asked when the operations have ended, before all is healed. */
  isMet: () => boolean | Promise<boolean>;
  /** What it was meant to be besides, and was not. */
  missed?: string;
  /** At which step of usage or of a charge it has struck, for those that wait for one. */
  moment?: string;
  /** What was ended or frozen: it must serve again. */
  victims: Victim[];
};
export type Fault = { kind: string; strike: (ballast: Ballast) => Promise<Struck> };

const VICTIMS: readonly ProcessName[] = [...PROGRAMS, 'Postgres', 'Temporal', 'stripe'];

const killed = (kind: string, name: ProcessName, { atMs, isMet }: Kill): Struck => ({
  kind,
  isMet: () => isMet,
  // One that was away already is waited for as whatever else must serve.
  victims: isMet ? [{ name, atMs, how: 'killed' }] : [],
});

/** kill -9 at one step of usage or of a charge, or at any time. */
function killing(random: Random): Fault {
  const victim = random.pick(VICTIMS);
  const at = random.chance(0.7) ? random.pick(STEPS) : null;
  const when = random.pick(MOMENTS);
  const kind = `kill -9 of ${kindOf(victim)}`;
  return {
    kind,
    async strike(ballast) {
      if (at === null) return killed(kind, victim, ballast.kill(victim));
      const own = at.programs.filter((program) => program === victim);
      const programs = own.length > 0 ? own : at.programs;
      let kill: Kill | null = null;
      const strike = (): void => void (kill ??= ballast.kill(victim));
      const sprung = await trapped(ballast, programs, at.server, { match: at.match, when, strike, lose: false });
      strike();
      return {
        ...killed(kind, victim, kill!),
        ...(sprung ? { moment: `${at.step}, ${when}` } : { missed: `${kind} at a chosen moment: done at another` }),
      };
    },
  };
}

function losing(random: Random): Fault {
  const { what, server, match, when } = random.pick(LOSSES);
  const kind = `connection lost ${what}`;
  return {
    kind,
    async strike(ballast) {
      const sprung = await trapped(ballast, PROGRAMS, server, { match, when, lose: true });
      return { kind, isMet: () => sprung, victims: [] };
    },
  };
}

const cutting = (random: Random): Fault => {
  const program = random.pick(PROGRAMS);
  const server = random.pick(SERVERS);
  const kind = `all connections to ${server} cut`;
  return {
    kind,
    strike(ballast) {
      const cut = ballast.proxy(program, server).cut();
      return Promise.resolve({ kind, isMet: () => cut > 0, victims: [] });
    },
  };
};

const holding = (random: Random): Fault => {
  const program = random.pick(PROGRAMS);
  const server = random.pick(SERVERS);
  const ms = random.between(500, 4_000);
  const kind = `connections to ${server} silent`;
  return {
    kind,
    async strike(ballast) {
      const proxy = ballast.proxy(program, server);
      proxy.hold();
      await sleep(ms);
      const held = proxy.release();
      return { kind, isMet: () => held > 0, victims: [] };
    },
  };
};

const cuttingFeed = (random: Random): Fault => {
  const program = random.pick(['api 1', 'api 2'] as const);
  const kind = 'feed of a gate cut';
  return {
    kind,
    strike(ballast) {
      const cut = ballast.proxy(program, 'Postgres').cut(/listen gates/);
      return Promise.resolve({ kind, isMet: () => cut > 0, victims: [] });
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
      const isMet = ballast.signal(victim, 'SIGSTOP');
      await sleep(ms);
      ballast.signal(victim, 'SIGCONT');
      return { kind, isMet: () => isMet, victims: [{ name: victim, atMs: performance.now(), how: 'frozen' }] };
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

type Rule = { id: string; hits: number };

const failingStripe = (random: Random): Fault => {
  const [kind, effect, path] = random.pick(STRIPE_EFFECTS);
  const times = random.between(1, 4);
  const delayMs = random.between(500, 3_000);
  return {
    kind,
    async strike(ballast) {
      const rule = { match: { path }, times, effect, delayMs };
      const id = (await patiently(() => ballast.simulate<Rule[]>('POST', '/faults', rule))).at(-1)!.id;
      // A simulator that was killed has forgotten its rules, and nobody knows what they met.
      const isMet = async (): Promise<boolean> =>
        (await patiently(() => ballast.simulate<Rule[]>('GET', '/faults'))).some(
          (set) => set.id === id && set.hits > 0,
        );
      return { kind, isMet, victims: [] };
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
      const twisted = ballast.webhooks.twist(mode);
      return Promise.resolve({ kind, isMet: () => twisted() > 0, victims: [] });
    },
  };
};

const losingTemporal = (): Fault => {
  const kind = "Temporal's data deleted";
  return {
    kind,
    strike: (ballast) => Promise.resolve(killed(kind, 'Temporal', (ballast.ground as Embedded).loseTemporalData())),
  };
};

const HOUR_MS = 3_600_000;

/** For as long as the step's operations run. */
const turningClock = (random: Random): Fault => {
  const program = random.pick(PROGRAMS);
  const offMs = random.chance(0.5) ? HOUR_MS : -HOUR_MS;
  const kind = `clock an hour ${offMs > 0 ? 'ahead' : 'behind'}`;
  return { kind, strike: (ballast) => Promise.resolve(killed(kind, program, ballast.setClock(program, offMs))) };
};

const FULL_MS: [number, number] = [2_000, 5_000];

const fillingDisk = (random: Random): Fault => {
  const ms = random.between(...FULL_MS);
  const kind = 'disk full';
  return {
    kind,
    async strike(ballast) {
      if (!ballast.disk.canBeFilled) return { kind, isMet: () => false, victims: [] };
      ballast.journal.mayDie = true;
      let isFull = false;
      for (const endMs = performance.now() + ms; performance.now() < endMs; await sleep(200))
        isFull = ballast.disk.fill() || isFull;
      ballast.disk.free();
      return { kind, isMet: () => isFull, victims: [] };
    },
  };
};

const killingBackend = (): Fault => {
  const kind = 'kill -9 of a backend of Postgres';
  return {
    kind,
    strike(ballast) {
      const isMet = ballast.ground.killBackend();
      return Promise.resolve({ kind, isMet: () => isMet, victims: [] });
    },
  };
};

/** As by a network: it is frozen with its Patroni, and does not know that another has taken over when it goes on. */
const cuttingPrimaryOff = (): Fault => {
  const kind = 'primary cut off, and back';
  return {
    kind,
    async strike(ballast) {
      const cut = await (ballast.ground as Clustered).cutPrimaryOff();
      if (cut === null) return { kind, isMet: () => false, victims: [] };
      const isMet = async (): Promise<boolean> => {
        const acknowledged = await cut.acknowledged;
        if (acknowledged > 0) throw new Error(`The old primary acknowledged ${acknowledged} writes when it was back.`);
        return true;
      };
      return { kind, isMet, victims: [{ name: 'Postgres', atMs: cut.atMs, how: 'killed' }] };
    },
  };
};

const killingSupporting = (random: Random): Fault => {
  const victim = random.pick<Supporting>(['etcd', 'haproxy']);
  const kind = `kill -9 of ${victim}`;
  return {
    kind,
    strike(ballast) {
      const { isMet } = (ballast.ground as Clustered).killSupporting(victim);
      return Promise.resolve({ kind, isMet: () => isMet, victims: [] });
    },
  };
};

/** How often each is drawn, and where there is only one ground for it, on which. */
const KINDS: readonly { weight: number; draw: (random: Random) => Fault; on?: GroundName }[] = [
  { weight: 40, draw: killing },
  { weight: 15, draw: losing },
  { weight: 6, draw: cutting },
  { weight: 6, draw: holding },
  { weight: 4, draw: cuttingFeed },
  { weight: 7, draw: freezing },
  { weight: 12, draw: failingStripe },
  { weight: 7, draw: twistingWebhooks },
  { weight: 3, draw: losingTemporal, on: 'embedded' },
  { weight: 4, draw: killingBackend },
  { weight: 4, draw: turningClock },
  { weight: 2, draw: fillingDisk, on: 'embedded' },
  { weight: 4, draw: cuttingPrimaryOff, on: 'cluster' },
  { weight: 4, draw: killingSupporting, on: 'cluster' },
];

/** @param only what its kind must have in it */
export function drawFault(random: Random, ground: GroundName, only = ''): Fault {
  const kinds = KINDS.filter(({ on = ground }) => on === ground);
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const fault = random.weighted(kinds).draw(random);
    if (fault.kind.includes(only)) return fault;
  }
  throw new Error(`There is no kind of fault with "${only}" in it.`);
}
const TRIES_MAX = 10_000;

/** Ends what a fault has left switched on. */
export async function heal(ballast: Ballast): Promise<void> {
  ballast.webhooks.twist('pass');
  ballast.journal.mayDie = false;
  for (const program of ballast.wrongClocks) await ballast.upAgain(program, ballast.setClock(program, 0).atMs);
  await patiently(() => ballast.simulate('DELETE', '/faults'));
  await ballast.ground.settle();
}
