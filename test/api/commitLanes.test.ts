import { createCommitLanes } from '../../api/usage/commitLanes';
import type { PostedUnlocked } from '../../ledger/usage/postUnlocked';
import type { PricedEvent } from '../../ledger/usage/postUsage';
import type { PostedPart } from '../../usage/reportUsage';
import { priced } from '../support/ledgerAccount';
import { until } from '../support/notices';

/** Commits that wait to be let through; each tells the ids it was given, in order, and is told whose accounts are locked. */
function start(waitingMax = 100) {
  const commits: { accounts: string[]; ids: string[]; waits: boolean; pass: (locked?: string[]) => void }[] = [];
  const commit = (events: readonly PricedEvent[], waits: boolean): Promise<PostedUnlocked> =>
    new Promise((resolve) => {
      const notPosted = (locked: readonly string[]) =>
        new Map(
          events.flatMap(({ id, accountId }, place) =>
            id.startsWith('again') && !locked.includes(accountId) ? [[place, 'duplicate' as const]] : [],
          ),
        );
      commits.push({
        accounts: events.map(({ accountId }) => accountId),
        ids: events.map(({ id }) => id),
        waits,
        pass: (locked = []) => resolve({ positions: new Map(), notPosted: notPosted(locked), locked: new Set(locked) }),
      });
    });
  const lanes = createCommitLanes({ commit, isItemsFault: () => false, itemsMax: 100, waitingMax });
  return { lanes, commits };
}

const accounts = Array.from({ length: 20 }, (_, i) => `account-${i}`);
const event = (accountId: string, id: string) => priced(accountId, id, '1.00');

test('B3 an account keeps to one lane, in order; what a commit says of a place is found at its place in the request', async () => {
  const { lanes, commits } = start();
  const events = ['first', 'again', 'third'].flatMap((id) =>
    accounts.map((account) => event(account, `${id}/${account}`)),
  );
  const submitted = lanes.submit(events);
  expect(commits).toHaveLength(2);
  const [left, right] = commits.map(({ accounts: mine }) => new Set(mine));
  expect([...left!].some((account) => right!.has(account))).toBe(false);
  expect(left!.size + right!.size).toBe(20);
  for (const { ids } of commits)
    expect(ids.map((id) => id.split('/')[0])).toEqual(
      [...ids.map((id) => id.split('/')[0])].sort((a, b) => order(a!) - order(b!)),
    );
  commits.forEach(({ pass }) => pass());

  expect(duplicatesOf(await submitted)).toEqual(Array.from({ length: 20 }, (_, i) => 20 + i));
});

/** The places in the request. */
const duplicatesOf = (parts: readonly PostedPart[]): number[] =>
  parts
    .flatMap(({ result, first, places }) =>
      places.filter((_place, i) => result.notPosted.get(first + i) === 'duplicate'),
    )
    .sort((a, b) => a - b);

const order = (id: string): number => ['first', 'again', 'third'].indexOf(id);

test('two lanes commit at the same time', async () => {
  const { lanes, commits } = start();
  const all = Promise.all(accounts.map((account) => lanes.submit([event(account, 'a')])));
  expect(commits).toHaveLength(2);
  commits.forEach(({ pass }) => pass());
  await new Promise(setImmediate);
  expect(commits).toHaveLength(4);
  commits.forEach(({ pass }) => pass());
  await all;
  await lanes.idle();
});

test('B3 a request that finds one lane full is refused with 429, and nothing of it is taken in the other', async () => {
  const { lanes, commits } = start(2);
  const [account, ...others] = accounts;
  const other = others.find((candidate) => areApart(account!, candidate))!;
  const taken = [lanes.submit([event(account!, 'flying')]), lanes.submit([event(account!, 'a'), event(account!, 'b')])];
  await expect(lanes.submit([event(other, 'x'), event(account!, 'c')])).rejects.toMatchObject({
    code: 'too_many_requests',
    status: 429,
    extras: { retryAfterSeconds: 1 },
  });
  expect(commits.flatMap(({ ids }) => ids)).toEqual(['flying']);
  const alone = lanes.submit([event(other, 'y')]);
  commits.forEach(({ pass }) => pass());
  await new Promise(setImmediate);
  commits.forEach(({ pass }) => pass());
  await Promise.all([...taken, alone]);
  expect(commits.flatMap(({ ids }) => ids).sort()).toEqual(['a', 'b', 'flying', 'y']);
});

test('B3 an account that a commit found locked is tried again apart, and no commit waits for it, until one takes its events', async () => {
  const { lanes, commits } = start();
  const [locked, ...others] = accounts;
  const other = others.find((candidate) => !areApart(locked!, candidate))!;
  const first = lanes.submit([event(locked!, 'a')]);
  const second = lanes.submit([event(other, 'b'), event(locked!, 'again'), event(other, 'again')]);
  expect(commits[0]).toMatchObject({ ids: ['a'], waits: true });
  commits[0]!.pass([locked!]);

  // What had joined the lane goes without waiting, and without the account; the lane goes on beside it.
  await until(
    () => commits.length,
    (count) => count === 3,
  );
  expect(commits[1]).toMatchObject({ ids: ['a'], waits: false });
  expect(commits[2]).toMatchObject({ ids: ['b', 'again', 'again'], waits: false });
  commits[2]!.pass([locked!]);
  const beside = lanes.submit([event(other, 'c')]);
  await until(
    () => commits.length,
    (count) => count === 4,
  );
  expect(commits[3]).toMatchObject({ ids: ['c'], waits: true });
  commits[3]!.pass();
  await beside;

  commits[1]!.pass([locked!]);
  await until(
    () => commits.length,
    (count) => count === 5,
  );
  expect(commits[4]).toMatchObject({ ids: ['again', 'a'], waits: false });
  commits[4]!.pass();
  await first;
  expect(duplicatesOf(await second)).toEqual([1, 2]);

  const again = lanes.submit([event(locked!, 'd')]);
  expect(commits[5]).toMatchObject({ ids: ['d'], waits: true });
  commits[5]!.pass();
  await again;
  await lanes.idle();
});

test('B3 an account that is locked at every try fails its own requests only, and says which it is', async () => {
  const { lanes, commits } = start();
  const [locked, other] = accounts;
  const failed = expect(lanes.submit([event(locked!, 'a'), event(other!, 'a')])).rejects.toThrow(locked);
  let isOver = false;
  void failed.then(() => (isOver = true));
  let passed = 0;
  await until(async () => {
    for (; passed < commits.length; passed++) commits[passed]!.pass([locked!]);
    return isOver;
  }, Boolean);
  await failed;
  const tries = commits.filter(({ accounts: mine }) => mine.includes(locked!));
  expect(tries.length).toBeGreaterThan(2);
  expect(tries.map(({ waits }) => waits)).toEqual(tries.map((_, i) => i === 0));
  expect(commits.filter(({ accounts: mine }) => mine.includes(other!))).toHaveLength(1);
  await lanes.idle();
});

function areApart(one: string, other: string): boolean {
  const { lanes, commits } = start();
  void lanes.submit([event(one, 'probe'), event(other, 'probe')]);
  return commits.length === 2;
}
