/** C3: however many follow their accounts, whoever asks for a gate comes between any two of them. */
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { createAccountStreams } from '../../api/stream/accountStreams';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { openAccount } from '../support/ledgerAccount';
import { times } from '../support/times';

const FOLLOWED = 40;
const ids = times(FOLLOWED, (n) => `followed-${n}`);
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  for (const id of ids) await openAccount(database.pool, id);
});
afterAll(() => database.drop());

/** By kind of work, in which turn of the event loop each piece of it was done. */
type Turns = Record<string, number[]>;

async function followAll(act: (turns: Turns) => Promise<void>): Promise<void> {
  let turn = 0;
  let isOver = false;
  const count = (): void => {
    turn += 1;
    if (!isOver) setImmediate(count);
  };
  count();
  const turns: Turns = { account: [], watching: [], changed: [], heartbeat: [], welcome: [] };
  const streams = createAccountStreams({
    pool: database.pool,
    log: pino({ level: 'silent' }),
    now: Date.now,
    heartbeatMs: 300,
  });
  const toResponse = (): ServerResponse =>
    Object.assign(new EventEmitter(), {
      destroyed: false,
      writableEnded: false,
      writableLength: 0,
      write: (text: string) => turns[/^event: (\w+)/.exec(text)?.[1] ?? '']?.push(turn),
      end: () => undefined,
    }) as unknown as ServerResponse;
  const isWelcome = async (): Promise<boolean> => (turns.welcome!.push(turn), true);
  ids.forEach((id) => streams.open(toResponse(), id, isWelcome));
  await act(turns).finally(() => (isOver = true));
  await streams.close();
}

const mostInOneTurn = (turns: readonly number[]): number =>
  Math.max(...turns.map((turn) => turns.filter((other) => other === turn).length));

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(20);
}

test('C3 accounts that have moved, lists that have grown and heartbeats are told one stream in a turn; who may watch is checked in slices', async () => {
  await followAll(async (turns) => {
    await until(() => turns.account!.length >= FOLLOWED && turns.watching!.length >= FOLLOWED);
    await database.pool.query(
      `select post_line(id, 'adjustment', 'adjustments', 10000000, 'turns/' || id, 'test', 'test') from unnest($1::text[]) id`,
      [ids],
    );
    await until(() => turns.account!.length >= 2 * FOLLOWED && turns.changed!.length >= FOLLOWED);
    await until(() => turns.heartbeat!.length >= FOLLOWED && turns.welcome!.length >= FOLLOWED);
    const most = Object.fromEntries(Object.entries(turns).map(([kind, all]) => [kind, mostInOneTurn(all)]));
    expect(most).toMatchObject({ account: 1, changed: 1, heartbeat: 1, welcome: 20 });
  });
});
