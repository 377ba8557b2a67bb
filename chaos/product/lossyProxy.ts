/** A TCP proxy between two of Ballast's processes that loses, cuts and delays: by what is sent, or at once. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A moment in the talk of one connection: before the server has what matches, when it has it, or when it has answered. */
export type Moment = 'before' | 'sent' | 'answered';

export type Trap = {
  /** Tried on each piece that a client sends, read as Latin-1. */
  match: RegExp;
  when: Moment;
  /** Done at that moment, before anything more is passed on. */
  strike?: () => void;
  /** The connection is lost at that moment, for both ends. */
  lose: boolean;
};

export type LossyProxy = {
  port: number;
  /** Takes what comes and passes nothing on, either way, nor for new connections. */
  hold(): void;
  /** Passes on again. Returns how many connections were held. */
  release(): number;
  /** Cuts the connections whose client has sent something that matches; all without a pattern. Returns how many. */
  cut(match?: RegExp): number;
  /** Sets one trap, which is gone once it is met or taken away. */
  trap(trap: Trap): { met: Promise<void>; remove(): void };
  close(): Promise<void>;
};

type Link = { client: Socket; server: Socket; said: string };
type SetTrap = Trap & { meet: () => void };

/** So much of what a client has said is remembered, for `cut`. */
const SAID_MAX = 4_096;

/** @param target the server's port as it is now: it may move */
export async function startLossyProxy(target: () => number): Promise<LossyProxy> {
  const links = new Set<Link>();
  const traps = new Set<SetTrap>();
  let held = false;
  const server = createServer((client) => {
    const link: Link = { client, server: connect(target(), '127.0.0.1'), said: '' };
    links.add(link);
    for (const [one, other] of endsOf(link)) {
      one.setNoDelay(true);
      one.on('error', () => one.destroy());
      one.on('close', () => {
        links.delete(link);
        other.destroy();
      });
    }
    client.on('data', (data: Buffer) => fromClient(link, data, traps));
    link.server.on('data', (data: Buffer) => client.write(data));
    if (held) pause(link);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    hold() {
      held = true;
      links.forEach(pause);
    },
    release() {
      held = false;
      for (const link of links) for (const [end] of endsOf(link)) end.resume();
      return links.size;
    },
    cut(match) {
      const found = [...links].filter(({ said }) => match === undefined || match.test(said));
      found.forEach(lose);
      return found.length;
    },
    trap(trap) {
      let meet!: () => void;
      const met = new Promise<void>((resolve) => (meet = resolve));
      const set = { ...trap, meet };
      traps.add(set);
      return { met, remove: () => void traps.delete(set) };
    },
    async close() {
      links.forEach(lose);
      server.close();
      await once(server, 'close');
    },
  };
}

const endsOf = ({ client, server }: Link): [Socket, Socket][] => [
  [client, server],
  [server, client],
];
const pause = (link: Link): void => endsOf(link).forEach(([end]) => void end.pause());
const lose = (link: Link): void => endsOf(link).forEach(([end]) => void end.destroy());

/** Passes on what a client has sent, with what the trap wants that it meets. */
function fromClient(link: Link, data: Buffer, traps: Set<SetTrap>): void {
  const text = link.said.length < SAID_MAX || traps.size > 0 ? data.toString('latin1') : '';
  if (link.said.length < SAID_MAX) link.said += text;
  const trap = [...traps].find(({ match }) => match.test(text));
  if (trap) traps.delete(trap);
  if (trap?.when === 'before') {
    spring(link, trap);
    if (trap.lose) return;
  }
  link.server.write(data, () => trap?.when === 'sent' && spring(link, trap));
  if (trap?.when === 'answered') springBeforeAnswer(link, trap);
}

function spring(link: Link, trap: SetTrap): void {
  trap.strike?.();
  if (trap.lose) lose(link);
  trap.meet();
}

function springBeforeAnswer(link: Link, trap: SetTrap): void {
  link.server.removeAllListeners('data');
  link.server.once('data', (answer: Buffer) => {
    spring(link, trap);
    if (trap.lose) return;
    link.client.write(answer);
    link.server.on('data', (more: Buffer) => link.client.write(more));
  });
}
