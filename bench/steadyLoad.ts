/** Usage for minutes on end, from a process of its own. A connection has one body, in which ids and accounts are written anew for each request. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { MODEL, postOne } from './usage';

export type SteadyLoad = {
  url: string;
  serviceKey: string;
  accounts: SteadyAccounts;
  /** In requests of 1,000: a multiple of it. */
  events: number;
  /** Tells the events of one load from those of another. */
  run: number;
};

/** All with ids of one length, so that they can be written into a body: see steadyAccountId. */
export type SteadyAccounts = { prefix: string; count: number };

export const EVENTS_PER_REQUEST = 1_000;
const CONNECTIONS = 8;
const PROGRESS_MS = 250;
const ACCOUNT_DIGITS = 6;
const ID_DIGITS = 8;

export const steadyAccountId = ({ prefix }: SteadyAccounts, nth: number): string =>
  `${prefix}-${String(nth).padStart(ACCOUNT_DIGITS, '0')}`;

/** Sends all of it as fast as eight connections bear. `onProgress` hears about four times a second how many events are taken. */
export async function sendSteadily(load: SteadyLoad, onProgress: (taken: number) => void): Promise<void> {
  const child = fork(__filename, [JSON.stringify(load)]);
  child.on('message', (taken) => onProgress(taken as number));
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`The load of usage ended with exit code ${code}.`);
}

async function main({ url, serviceKey, accounts, events, run }: SteadyLoad): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  let sent = 0;
  let taken = 0;
  const progress = setInterval(() => process.send!(taken), PROGRESS_MS);
  const sender = async (): Promise<void> => {
    const body = createBody(accounts, run);
    while (sent < events) {
      const first = sent;
      sent += EVENTS_PER_REQUEST;
      await postOne(agent, `${url}/v1/usage`, serviceKey, body.from(first));
      taken += EVENTS_PER_REQUEST;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, sender));
  clearInterval(progress);
  agent.destroy();
  process.send!(taken, () => process.disconnect());
}

/** The bytes that `from` gives are valid until it is called again. Events take the accounts in turn. */
function createBody(accounts: SteadyAccounts, run: number): { from(event: number): Buffer } {
  const id = `${'0'.repeat(ID_DIGITS)}-0000-4000-8000-${String(run).padStart(12, '0')}`;
  const event = { id, accountId: steadyAccountId(accounts, 0), model: MODEL, inputTokens: 1_200, outputTokens: 250 };
  const body = Buffer.from(
    JSON.stringify({ events: Array.from({ length: EVENTS_PER_REQUEST }, () => event) }),
    'latin1',
  );
  const stride = JSON.stringify(event).length + 1;
  const idAt = body.indexOf(id);
  const accountAt = body.indexOf(event.accountId) + accounts.prefix.length + 1;
  return {
    from(first) {
      for (let i = 0; i < EVENTS_PER_REQUEST; i++) {
        writeDigits(body, idAt + i * stride, ID_DIGITS, 16, scatter(first + i));
        writeDigits(body, accountAt + i * stride, ACCOUNT_DIGITS, 10, (first + i) % accounts.count);
      }
      return body;
    },
  };
}

const DIGITS = Buffer.from('0123456789abcdef');

function writeDigits(body: Buffer, at: number, digits: number, base: number, value: number): void {
  for (let place = at + digits - 1; place >= at; place--) {
    body[place] = DIGITS[value % base]!;
    value = Math.floor(value / base);
  }
}

/** One to one on 32 bits, without order, as callers' ids are: each falls on another page of the index. (MurmurHash3's finalizer.) */
function scatter(n: number): number {
  n = Math.imul(n ^ (n >>> 16), 0x85ebca6b);
  n = Math.imul(n ^ (n >>> 13), 0xc2b2ae35);
  return (n ^ (n >>> 16)) >>> 0;
}

if (require.main === module) {
  main(JSON.parse(process.argv[2]!) as SteadyLoad).catch((error: Error) => {
    console.error(error.message);
    process.exit(1);
  });
}
